"""Write whole or not at all: everything that others read is written beside, synced and renamed into place."""

from __future__ import annotations

import errno
import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.tables import Table

_DISK_FULL = ("No space left on device", "Disk quota exceeded", "database or disk is full")


def sync_folder(folder: Path) -> None:
    """Make renames inside `folder` survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """Make the content of `path` survive a power cut."""
    with path.open("rb") as handle:
        os.fsync(handle.fileno())


def is_disk_full(error: BaseException) -> bool:
    """Does `error`, or one that it came from, say that the disk is full? SQLite, DuckDB and Polars say so in words only."""
    return any(
        (isinstance(cause, OSError) and cause.errno in (errno.ENOSPC, errno.EDQUOT)) or any(words in str(cause) for words in _DISK_FULL)
        for cause in _causes(error)
    )


def _causes(error: BaseException) -> list[BaseException]:
    """`error` and what it came from. An error that was wrapped and raised again can be its own cause: each is met once."""
    met: list[BaseException] = []
    cause: BaseException | None = error
    while cause is not None and not any(cause is earlier for earlier in met):
        met.append(cause)
        cause = cause.__cause__ or cause.__context__
    return met


@contextmanager
def replacing(path: Path, *, mode: int | None = None) -> Iterator[Path]:
    """Yield a path beside `path`; when the block ends well, sync it and rename it over `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.new")
    beside.unlink(missing_ok=True)
    try:
        yield beside
        if mode is not None:
            beside.chmod(mode)
        sync_file(beside)
        beside.replace(path)
        sync_folder(path.parent)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder beside `path`; when the block ends well, put it in the place of `path`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside, old = path.with_name(f".{path.name}.new"), path.with_name(f".{path.name}.old")
    shutil.rmtree(beside, ignore_errors=True)
    beside.mkdir()
    try:
        yield beside
        for file in beside.rglob("*"):
            if file.is_file():
                sync_file(file)
        # rename(2) refuses a non-empty target: the old folder steps aside first, and recover_folder undoes a crash between
        shutil.rmtree(old, ignore_errors=True)
        if path.exists():
            path.rename(old)
        beside.rename(path)
        sync_folder(path.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def recover_folder(path: Path) -> None:
    """Put back what `replacing_folder` had moved aside when the process died between its two renames."""
    old = path.with_name(f".{path.name}.old")
    if old.exists():
        if path.exists():
            shutil.rmtree(old)
        else:
            old.rename(path)
    shutil.rmtree(path.with_name(f".{path.name}.new"), ignore_errors=True)


def recover_folders(parent: Path) -> None:
    """The same for every folder in `parent`, whichever it was that somebody died over."""
    for name in {path.name[1:].removesuffix(path.suffix) for path in parent.glob(".*") if path.suffix in {".old", ".new"}}:
        recover_folder(parent / name)


def write_json(path: Path, value: Any, *, mode: int | None = None) -> None:
    """Write readable JSON with sorted keys, whole or not at all."""
    with replacing(path, mode=mode) as beside:
        beside.write_bytes(json_bytes(value))


def json_bytes(value: Any) -> bytes:
    """What `write_json` writes: the same for the same value, also for one that was read back."""
    return (json.dumps(value, ensure_ascii=False, indent=2, sort_keys=True, default=str) + "\n").encode()


def write_table(frame: pl.LazyFrame | pl.DataFrame, table: Table, path: Path) -> None:
    """Write `frame` as the Parquet file `path` in the column order and types of the contract."""
    with replacing(path) as beside:
        frame.lazy().select(pl.col(name).cast(dtype) for name, dtype in table.schema.items()).sink_parquet(beside)
