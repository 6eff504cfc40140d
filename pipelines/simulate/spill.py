"""Keep rows on disk between the drawing, which goes by people, and the writing, which goes by days.

A spill is a folder of Parquet files, one per format, block of deliveries and chunk of people.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl

from pipelines.simulate.formats.cells import DELIVERY


class Spill:
    """Rows of the formats by block of deliveries. A block is what the writer holds in memory at once."""

    def __init__(self, folder: Path, deliveries: int, block_size: int) -> None:
        self._folder = folder
        self._block_size = block_size
        self.blocks = range(-(-deliveries // block_size))

    def add(self, name: str, chunk_number: int, rows: pl.DataFrame) -> None:
        """Add the rows of one format and chunk."""
        keyed = rows.sort(DELIVERY, maintain_order=True)
        block = keyed[DELIVERY] // self._block_size
        starts = [*np.searchsorted(block.to_numpy(), np.arange(len(self.blocks))).tolist(), len(keyed)]
        for number in self.blocks:
            part = keyed[starts[number] : starts[number + 1]]
            if len(part):
                path = self._path(name, number)
                path.mkdir(parents=True, exist_ok=True)
                part.write_parquet(path / f"{chunk_number:06d}.parquet", compression="lz4", statistics=False)

    def read(self, name: str, block: int) -> dict[int, pl.DataFrame]:
        """The rows of one format and block, by delivery, in a fixed order of people within each."""
        paths = sorted(self._path(name, block).glob("*.parquet"))
        if not paths:
            return {}
        frame = pl.concat([pl.read_parquet(path) for path in paths]).sort(DELIVERY, maintain_order=True)
        parts = frame.partition_by(DELIVERY, maintain_order=True, include_key=False)
        return dict(zip(frame[DELIVERY].unique(maintain_order=True).to_list(), parts, strict=True))

    def _path(self, name: str, block: int) -> Path:
        return self._folder / name / f"{block:05d}"
