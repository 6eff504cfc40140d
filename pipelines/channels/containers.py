"""What a delivered file is, by its first bytes, and the plain bytes inside. Names are never trusted."""

from __future__ import annotations

import gzip
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO

from pipelines.contracts.config import FileProblem

_MAGIC_BYTES = 8
_HEAD_BYTES = 1 << 18


class Packing(StrEnum):
    """How the bytes are packed; what is inside is for `recognition` to find out."""

    PLAIN = "plain"
    GZIP = "gz"
    ZIP = "zip"
    PARQUET = "parquet"
    XLSX = "xlsx"


class UnreadableError(Exception):
    """The file cannot be used; the message says why, in words that complete "the file ...", and what to do.

    `is_passing`: for now only, whatever its content; the next run tries again.
    """

    def __init__(
        self, reason: str, do: str = "ask for the export again", *, kind: FileProblem = "unreadable", is_passing: bool = False
    ) -> None:
        self.reason, self.do, self.kind, self.is_passing = reason, do, kind, is_passing
        super().__init__(f"the file {reason} -> {do}")


def packing_of(path: Path) -> Packing:
    """By magic bytes; what is damaged is told when it is opened."""
    with path.open("rb") as file:
        magic = file.read(_MAGIC_BYTES)
    if magic.startswith(b"\x1f\x8b"):
        return Packing.GZIP
    if magic.startswith(b"PAR1"):
        return Packing.PARQUET
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Packing.XLSX if _holds(path, "xl/workbook.xml") else Packing.ZIP
    return Packing.PLAIN


def _holds(path: Path, member: str) -> bool:
    try:
        with zipfile.ZipFile(path) as archive:
            return member in archive.NameToInfo
    except (zipfile.BadZipFile, NotImplementedError, ValueError):
        return False


@contextmanager
def opened(path: Path, packing: Packing) -> Iterator[BinaryIO]:
    """The plain bytes. Damage met while they are read comes out as UnreadableError."""
    try:
        if packing is Packing.GZIP:
            with gzip.open(path) as stream:
                yield stream  # type: ignore[misc]
        else:
            with path.open("rb") as stream:
                yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableError("is a gzip file that ends too early or is damaged: the copy is not whole") from error


def head_of(path: Path, packing: Packing) -> bytes:
    """The first plain bytes: enough for a preamble and a header."""
    with opened(path, packing) as stream:
        return stream.read(_HEAD_BYTES)
