"""Write the deliveries: block by block, day by day, each format's file, from the spill."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import polars as pl

from pipelines.simulate.chunk import World
from pipelines.simulate.exports import Export
from pipelines.simulate.formats.cells import Stamp
from pipelines.simulate.spill import Spill

# Compression and encoding let go of the interpreter, so two days are written at a time.
_WRITERS = 2


def write_deliveries(
    world: World,
    spill: Spill,
    formats: dict[str, Export],
    out: Path,
    progress: Callable[[str, int, int], None],
) -> dict[str, dict[str, int]]:
    """Write every delivery folder. Returns rows by format and day."""
    counts: dict[str, dict[str, int]] = {name: {} for name in sorted(formats)}
    for block in spill.blocks:
        by_day: dict[int, dict[str, pl.DataFrame]] = defaultdict(dict)
        for name in sorted(formats):
            for delivery, rows in spill.read(name, block).items():
                by_day[delivery][name] = rows
                counts[name][_stamp(world, delivery).day.isoformat()] = len(rows)
        with ThreadPoolExecutor(_WRITERS) as pool:
            jobs = [pool.submit(_write, world, formats, out, number, rows) for number, rows in sorted(by_day.items())]
            for job in jobs:
                job.result()
        progress("deliveries", block + 1, len(spill.blocks))
    return counts


def _write(world: World, formats: dict[str, Export], out: Path, delivery: int, rows: dict[str, pl.DataFrame]) -> None:
    stamp = _stamp(world, delivery)
    folder = out / stamp.day.isoformat()
    folder.mkdir(parents=True, exist_ok=True)
    for path, content in _files(formats, rows, stamp):
        (folder / path).write_bytes(content)


def _files(formats: dict[str, Export], rows: dict[str, pl.DataFrame], stamp: Stamp) -> Iterator[tuple[str, bytes]]:
    for name in sorted(rows):
        yield from formats[name].files(rows[name], stamp).items()


def _stamp(world: World, delivery: int) -> Stamp:
    days = world.calendar.days
    day = world.spec.first_day + timedelta(days=int(days[delivery]))
    first = 0 if delivery == 0 else int(days[delivery - 1]) + 1
    return Stamp(world.spec.first_day + timedelta(days=first), day, world.epoch)
