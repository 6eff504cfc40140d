"""What a delivered file is, by its first bytes, and the plain bytes inside. Names are never trusted."""

from __future__ import annotations

import errno
import gzip
import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, Protocol

from pipelines.contracts.settings.sources import FileProblem

_MAGIC_BYTES = 512
_HEAD_BYTES, _MAX_HEAD_BYTES = 1 << 18, 1 << 22
# a reader holds an entry of a zip's directory in twenty times its bytes, before anybody can count them
_MAX_DIRECTORY_BYTES = 1 << 24
_DAMAGE = (zipfile.BadZipFile, gzip.BadGzipFile, zlib.error, EOFError, struct.error, ValueError, OverflowError, IndexError)
_TAIL_BYTES = 22 + (1 << 16) + 20 + 56


class Packing(StrEnum):
    """How the bytes are packed; what is inside is for `recognition` to find out."""

    PLAIN = "plain"
    GZIP = "gz"
    ZIP = "zip"
    TAR = "tar"
    TAR_GZIP = "tar.gz"
    PARQUET = "parquet"
    XLSX = "xlsx"


ARCHIVES = frozenset({Packing.ZIP, Packing.TAR, Packing.TAR_GZIP})


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
        return Packing.TAR_GZIP if is_tar(_first_plain(path)) else Packing.GZIP
    if magic.startswith(b"PAR1"):
        return Packing.PARQUET
    if magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return Packing.XLSX if has_small_directory(path) and _holds(path, "xl/workbook.xml") else Packing.ZIP
    return Packing.TAR if is_tar(magic) else Packing.PLAIN


def is_tar(block: bytes) -> bool:
    """By the mark of every tar since 1988, which stands in the middle of the first block."""
    return block[257:262] == b"ustar"


def _first_plain(path: Path) -> bytes:
    try:
        with opened(path, Packing.GZIP) as stream:
            return stream.read(_MAGIC_BYTES)
    except UnreadableError:
        return b""  # told when it is read


def has_small_directory(path: Path) -> bool:
    """False for a zip that is mostly directory: millions of entries, each of which a reader makes an object of."""
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        tail = file.read()
    place = tail.rfind(b"PK\x05\x06")
    if place < 0 or len(tail) < place + 22:
        return True  # damaged: told when it is opened
    (stated,) = struct.unpack_from("<L", tail, place + 12)
    wide = tail.rfind(b"PK\x06\x06", 0, place)
    if wide >= 0 and len(tail) >= wide + 56:
        stated = max(stated if stated != 0xFFFFFFFF else 0, *struct.unpack_from("<Q", tail, wide + 40))
    return bool(stated <= _MAX_DIRECTORY_BYTES)


def is_panic(error: BaseException) -> bool:
    """True where a parser in another language gave up; its type has no name that can be imported."""
    return type(error).__name__ == "PanicException"


def _holds(path: Path, member: str) -> bool:
    try:
        with damage_told("is a damaged zip archive"), zipfile.ZipFile(path) as archive:
            return member in archive.NameToInfo
    except (UnreadableError, NotImplementedError):
        return False


@contextmanager
def damage_told(reason: str) -> Iterator[None]:
    """Whatever the library raises over an archive that is damaged, as UnreadableError with this reason."""
    try:
        yield
    except _DAMAGE as error:
        raise UnreadableError(reason) from error
    except OSError as error:
        if error.errno != errno.EINVAL:  # a place before the beginning of the archive
            raise
        raise UnreadableError(reason) from error


@contextmanager
def opened(path: Path, packing: Packing) -> Iterator[BinaryIO]:
    """The plain bytes. Damage met while they are read comes out as UnreadableError."""
    try:
        if packing in (Packing.GZIP, Packing.TAR_GZIP):
            with gzip.open(path) as stream:
                yield stream  # type: ignore[misc]
        else:
            with path.open("rb") as stream:
                yield stream
    except (EOFError, gzip.BadGzipFile, zlib.error) as error:
        raise UnreadableError("is a gzip file that ends too early or is damaged: the copy is not whole") from error


def head_of(path: Path, packing: Packing) -> bytes:
    """The first plain bytes: enough for a preamble and a header, even one of a hundred thousand columns."""
    with opened(path, packing) as stream:
        head = stream.read(_HEAD_BYTES)
        # a JSON document is one line, and its first records are enough
        is_table = not head.removeprefix(b"\xef\xbb\xbf").lstrip().startswith((b"{", b"["))
        while is_table and len(head) < _MAX_HEAD_BYTES and not any(end in head for end in b"\r\n"):
            block = stream.read(_HEAD_BYTES)
            if not block:
                break
            head += block
        return head


class ByteStream(Protocol):
    """What is read from the beginning to the end."""

    def read(self, size: int, /) -> bytes:
        """The next bytes, fewer at the end."""


class Bounded:
    """A stream that may not unpack to more than `limit` bytes: a gzip file of a megabyte can hold a gigabyte."""

    def __init__(self, stream: ByteStream, limit: int) -> None:
        self._stream, self._limit, self._spent = stream, limit, 0

    def read(self, size: int, /) -> bytes:
        """The next bytes."""
        block = self._stream.read(size)
        self._spent += len(block)
        if self._spent > self._limit:
            what = f"is packed and holds more than {self._limit} bytes"
            raise UnreadableError(what, "deliver it unpacked, or raise channels.max_unpacked_bytes", is_passing=True)
        return block
