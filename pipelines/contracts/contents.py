"""What a file of any kind holds, unpacked: compressed bytes show nobody. Reads, and judges nothing."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

_BLOCK_BYTES = 1 << 22
_OVERLAP_BYTES = 1 << 12  # of neighboring blocks, so that nothing is cut in two
_ROWS = 1 << 16
_DEPTH = 3  # of archives within archives
_DAMAGED = (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError, pa.ArrowException, RuntimeError, NotImplementedError)


class Stream(Protocol):
    """What is read from the beginning to the end."""

    def read(self, size: int = -1, /) -> bytes:
        """The next bytes, fewer at the end; all that is left without a size."""


class UnopenedError(Exception):
    """A packed file that cannot be unpacked: only its bytes as they are were looked at."""


def unpacked(path: Path) -> Iterator[bytes]:
    """The content in blocks, as UTF-8 where the file says what is text. Cells of tables are divided by line ends.

    Raises UnopenedError at the end of a packed file that is damaged, after its bytes as they are.
    """
    with path.open("rb") as file:
        try:
            yield from _database(path) if _is_database(file) else _unpacked(file, _DEPTH)
        except (*_DAMAGED, duckdb.Error) as error:
            file.seek(0)
            yield from _blocks(file)
            raise UnopenedError(type(error).__name__) from error


def _is_database(file: IO[bytes]) -> bool:
    head = file.read(12)
    file.seek(0)
    return head[8:12] == b"DUCK"


def _unpacked(file: IO[bytes], depth: int) -> Iterator[bytes]:
    magic = file.read(512)
    file.seek(0)
    if depth and magic.startswith(b"\x28\xb5\x2f\xfd"):
        yield from _inner(pa.CompressedInputStream(pa.PythonFile(file), "zstd"), depth)
    elif depth and magic.startswith(b"\x1f\x8b"):
        with gzip.open(file) as plain:
            yield from _inner(plain, depth)
    elif depth and magic.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        with zipfile.ZipFile(file) as archive:
            for member in archive.infolist():
                yield member.filename.encode("utf-8", "replace")
                with archive.open(member) as stream:
                    yield from _inner(stream, depth)
    elif depth and magic[257:262] == b"ustar":
        with tarfile.open(fileobj=file) as archive:
            for entry in archive:
                content = archive.extractfile(entry)
                if content is not None:
                    yield entry.name.encode("utf-8", "replace")
                    yield from _inner(content, depth)
    elif magic.startswith(b"PAR1"):
        yield from _parquet(file)
    else:
        yield from _blocks(file)


def _inner(stream: Stream, depth: int) -> Iterator[bytes]:
    """A packed file inside goes through memory; everything else is a stream."""
    head = stream.read(_BLOCK_BYTES)
    if head[:4] in (b"\x28\xb5\x2f\xfd", b"PK\x03\x04", b"PAR1") or head[:2] == b"\x1f\x8b" or head[257:262] == b"ustar":
        yield from _unpacked(io.BytesIO(head + stream.read()), depth - 1)
    else:
        yield from _blocks(stream, head)


def _blocks(stream: Stream, head: bytes = b"") -> Iterator[bytes]:
    before = b""
    while block := head or stream.read(_BLOCK_BYTES):
        head = b""
        yield before + block
        before = block[-_OVERLAP_BYTES:]


def _parquet(file: IO[bytes]) -> Iterator[bytes]:
    with pq.ParquetFile(file) as source:
        for batch in source.iter_batches(batch_size=_ROWS):
            yield from _cells(pl.DataFrame(pl.from_arrow(batch)))


def _database(path: Path) -> Iterator[bytes]:
    """Every value of every table; and the bytes as they are, for what a table no longer shows."""
    with duckdb.connect(str(path), read_only=True) as connection:
        tables = connection.execute("select schema_name, table_name from duckdb_tables() where not internal order by all").fetchall()
        for schema, table in tables:
            found = connection.execute(f'select columns(*)::varchar from "{schema}"."{table}"')
            while rows := found.fetchmany(_ROWS):
                yield "\n".join(cell for row in rows for cell in row if cell is not None).encode("utf-8", "replace")
    with path.open("rb") as file:
        yield from _blocks(file)


def _cells(rows: pl.DataFrame) -> Iterator[bytes]:
    for column in rows.iter_columns():
        if column.dtype == pl.Binary:
            yield b"\n".join(column.drop_nulls().to_list())
        elif column.dtype == pl.String:
            yield "\n".join(column.drop_nulls().to_list()).encode()
        elif column.dtype.is_nested():
            yield "\n".join(map(str, column.drop_nulls().to_list())).encode()
