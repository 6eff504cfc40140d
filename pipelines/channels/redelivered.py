"""A file out of the archive as it was once delivered, proved by its hash: what every re-reading begins with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pyarrow as pa

from pipelines.channels.archive import Archived
from pipelines.channels.containers import Packing, UnreadableError
from pipelines.channels.deliveries import Delivered

_BLOCK_BYTES = 1 << 20


def kept_packing(path: Path) -> Packing:
    """How the bytes of an archived file were packed when it was delivered."""
    return Packing.PLAIN if path.suffix == ".zst" else Packing(path.suffix.removeprefix("."))


def delivered_again(name: str, modified_ns: int, archived: Archived, beside: Path) -> Delivered:
    """The archived file as it was once delivered: itself where it was packed, else unpacked to `beside` and as old as it was.

    People who were forgotten are cut out of it.

    Raises UnreadableError, for now only, where the copy is gone or is no longer what was archived.
    """
    is_kept_as_it_was = archived.path.suffix != ".zst"
    try:
        digest = _digest(archived.path) if is_kept_as_it_was else _unpacked(archived.path, beside)
    except FileNotFoundError as error:
        raise UnreadableError("has no copy in lake/files any more", "deliver it again", is_passing=True) from error
    except (OSError, pa.ArrowException) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        digest = ""
    if digest != (archived.redacted.sha256 or archived.sha256):
        raise UnreadableError("has a damaged copy in lake/files", "remove the copy and deliver the file again", is_passing=True)
    path = archived.path if is_kept_as_it_was else beside
    if not is_kept_as_it_was:
        os.utime(beside, ns=(modified_ns, modified_ns))
    return Delivered(path, name, archived.byte_count, modified_ns)


def _unpacked(path: Path, target: Path) -> str:
    with pa.CompressedInputStream(str(path), "zstd") as source, target.open("wb") as out:
        digest = hashlib.sha256()
        while block := source.read(_BLOCK_BYTES):
            digest.update(block)
            out.write(block)
        return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as source:
        return hashlib.file_digest(source, "sha256").hexdigest()
