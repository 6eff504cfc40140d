"""Keep each delivered file once, under the hash of its content: the evidence that every row can be traced to."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import pyarrow as pa

from pipelines.channels.beside import in_order
from pipelines.channels.containers import Packing

_BLOCK_BYTES = 1 << 20
LOAD_ID_DIGITS = 16

_PACKED = frozenset({Packing.GZIP, Packing.ZIP, Packing.TAR_GZIP, Packing.PARQUET, Packing.XLSX})


@dataclass(frozen=True, slots=True)
class Redacted:
    """What became of a copy out of which people were cut. `rows`: source rows of their records; `blank_lines` stand in their place."""

    sha256: str = ""  # of the plain bytes of the copy
    rows: tuple[int, ...] = ()
    blank_lines: int = 0


@dataclass(frozen=True, slots=True)
class Archived:
    """A delivered file in the archive. `sha256` and `byte_count` are those of the file as it was delivered."""

    sha256: str
    byte_count: int
    path: Path
    redacted: Redacted = Redacted()

    @property
    def load_id(self) -> str:
        return self.sha256[:LOAD_ID_DIGITS]


def archive(path: Path, packing: Packing, folder: Path, beside: Path) -> Archived:
    """Hash and copy in one pass over the file; `beside` is a free path on the same disk. Packed files are kept as they are.

    Each block is a zstd frame of its own: `zstd -d` and every reader take frames in a row. The copy is as old as the file.
    """
    digest, size = hashlib.sha256(), 0

    def hashed(source: BinaryIO) -> Iterator[bytes]:
        nonlocal size
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            size += len(block)
            yield block

    with path.open("rb") as source, beside.open("wb") as target:
        target.writelines(hashed(source) if packing in _PACKED else in_order(compressed, hashed(source)))
    name = digest.hexdigest()
    target_path = folder / f"{name}.{packing if packing in _PACKED else 'zst'}"
    if target_path.exists():
        beside.unlink()
    else:
        folder.mkdir(parents=True, exist_ok=True)
        modified_ns = path.stat().st_mtime_ns
        os.utime(beside, ns=(modified_ns, modified_ns))
        beside.replace(target_path)
    return Archived(name, size, target_path)


def compressed(block: bytes) -> bytes:
    """One frame."""
    return bytes(pa.Codec("zstd", compression_level=1).compress(block, asbytes=True))
