"""Frames that are needed again: in memory as long as they are small together, the others in files."""

from __future__ import annotations

from pathlib import Path
from threading import Lock

import polars as pl

# a file of 500 MB stays in memory whole: writing typed records and reading them back costs a tenth of reading an export
_MEMORY_BYTES = 1 << 28


class Shelf:
    """What is kept in `folder`, which is the caller's to remove. May be used from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = Lock()
        self._in_memory = self._files = 0
        folder.mkdir(parents=True)

    def keep(self, rows: pl.DataFrame) -> pl.LazyFrame:
        """The same rows, to be collected any number of times."""
        size = int(rows.estimated_size())
        with self._lock:
            has_room = self._in_memory + size <= _MEMORY_BYTES
            self._in_memory += size if has_room else 0
        return rows.lazy() if has_room else self.keep_selection(rows)

    def keep_selection(self, rows: pl.DataFrame) -> pl.LazyFrame:
        """The same for some rows of a larger frame: always in a file, because the texts of few rows hold those of all in memory."""
        with self._lock:
            self._files += 1
            path = self._folder / f"{self._files}.parquet"
        rows.write_parquet(path, compression="lz4", statistics=False)
        return pl.scan_parquet(path, glob=False)
