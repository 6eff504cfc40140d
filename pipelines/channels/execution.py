"""Run the plan of a batch: all tables in one execution, a second one only where records repeat or ids were rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import numpy as np
import polars as pl

from pipelines.channels.compiled import FILE
from pipelines.channels.formats import Format
from pipelines.channels.plan import FAULT, RecordFault, Records, cells, faulty, fingerprints, good, records, table_rows
from pipelines.channels.reading import Opened
from pipelines.channels.typed import LONG_ID, ZERO_TAILED_ID
from pipelines.contracts.tables import Table

# long ids end in zeros by chance once in a hundred to once in ten thousand; in a file saved by a spreadsheet all do
_LOSSY_SHARE, _LOSSY_COUNT = 0.05, 2
COMPRESSION: Literal["zstd"] = "zstd"
LEVEL = 1


@dataclass(frozen=True, slots=True)
class Results:
    """What the plan gave for one file."""

    read_count: int
    loaded_count: int
    repeated_count: int
    first_at: datetime | None
    last_at: datetime | None
    totals: tuple[Any, ...]
    faulty: pl.DataFrame  # source_row, fault, value
    faults: tuple[RecordFault, ...]
    parts: Mapping[str, Path]  # of the tables, in staging; possibly without rows


@dataclass(frozen=True, slots=True)
class _Outcome:
    counts: Mapping[int, Mapping[str, Any]]
    times: Mapping[int, Mapping[str, Any]]
    faulty: pl.DataFrame
    prints: pl.DataFrame | None
    tables: Sequence[pl.DataFrame]
    faults: tuple[RecordFault, ...]


def run(batch: Sequence[Opened], *, in_memory: bool) -> list[Results]:
    """Results of files of one format. In memory the files are read together; else there is one file, and it is streamed."""
    item = batch[0].format
    outcome = _execute(batch, item, (), (), in_memory=in_memory)
    lossy = [file for file, counts in outcome.counts.items() if _is_lossy(counts)]
    repeated = [] if outcome.prints is None else _repeated(outcome.prints)
    if lossy or repeated:
        outcome = _execute(batch, item, lossy, repeated, in_memory=in_memory)
    return [_results(opened, file, item, outcome, repeated, in_memory=in_memory) for file, opened in enumerate(batch)]


def _is_lossy(counts: Mapping[str, Any]) -> bool:
    return bool(counts["zero_tails"] >= _LOSSY_COUNT and counts["zero_tails"] > _LOSSY_SHARE * counts["long_ids"])


def _execute(batch: Sequence[Opened], item: Format, lossy: Sequence[int], repeated: Sequence[int], *, in_memory: bool) -> _Outcome:
    frames = cells([opened.scan for opened in batch], [opened.constants for opened in batch])
    # planning grows with sources times outputs: in memory each stage is computed once, and the next planned on its result
    source = pl.concat(pl.collect_all(frames, engine="streaming")).lazy() if in_memory else frames[0]
    found = records(source, batch[0].scan.natives, item, lossy_files=lossy)
    if in_memory:
        found = Records(found.typed.collect(engine="streaming").lazy(), found.faults)
    frame = good(found, item, batch[0].constants, repeated)
    if in_memory:
        frame = frame.collect(engine="streaming").lazy()
    tables = [table_rows(frame, [rule for rule in item.compiled.rules if rule.table is table]) for table in _tables(item)]
    if not in_memory:
        tables = [
            rows.drop(FILE).sink_parquet(_part(batch[0], table), lazy=True, compression=COMPRESSION, compression_level=LEVEL)
            for rows, table in zip(tables, _tables(item), strict=True)
        ]
    wants_prints = item.spec.repeated_rows == "drop" and not len(repeated)
    plans = [*tables, _counts(found, item), _times(frame, item), faulty(found)]
    done = pl.collect_all([*plans, fingerprints(found, item)] if wants_prints else plans, engine="streaming")
    counts, times, set_aside = done[len(tables) : len(tables) + 3]
    return _Outcome(_by_file(counts), _by_file(times), set_aside, done[-1] if wants_prints else None, done[: len(tables)], found.faults)


def _tables(item: Format) -> list[Table]:
    return list({rule.table.name: rule.table for rule in item.compiled.rules}.values())


def _part(opened: Opened, table: Table) -> Path:
    return opened.staging.with_name(f"{opened.staging.name}.{table.name}.parquet")


def _counts(found: Records, item: Format) -> pl.LazyFrame:
    ids = [pl.col(name) for name, field in item.spec.fields.items() if field.type == "id"]
    return found.typed.group_by(FILE).agg(
        read=pl.len(),
        good=(pl.col(FAULT) == 0).sum(),
        long_ids=pl.sum_horizontal(column.str.contains(LONG_ID).sum() for column in ids) if ids else pl.lit(0),
        zero_tails=pl.sum_horizontal(column.str.contains(ZERO_TAILED_ID).sum() for column in ids) if ids else pl.lit(0),
    )


def _times(frame: pl.LazyFrame, item: Format) -> pl.LazyFrame:
    times = [pl.col(name) for name in item.spec.business_times]
    return frame.group_by(FILE).agg(
        *(column.min().name.prefix("min:") for column in times),
        *(column.max().name.prefix("max:") for column in times),
        *(total.alias(f"total:{position}") for position, total in enumerate(item.compiled.totals)),
        loaded=pl.len(),
    )


def _by_file(frame: pl.DataFrame) -> dict[int, dict[str, Any]]:
    return {row[FILE]: row for row in frame.to_dicts()}


def _repeated(prints: pl.DataFrame) -> list[int]:
    """Records that equal an earlier one of their file."""
    number, first, second = (prints[name].to_numpy() for name in ("number", "first", "second"))
    file = number >> 40
    order = np.lexsort((number, second, first, file))
    same = np.logical_and.reduce([values[order][1:] == values[order][:-1] for values in (file, first, second)])
    return sorted(number[order[1:][same]].tolist())


def _results(opened: Opened, file: int, item: Format, outcome: _Outcome, repeated: Sequence[int], *, in_memory: bool) -> Results:
    tables = _tables(item)
    parts = {} if in_memory else {table.name: _part(opened, table) for table in tables}
    if in_memory:
        for rows, table in zip(outcome.tables, tables, strict=True):
            mine = _of_file(rows, file)
            if mine.height:
                mine.drop(FILE).write_parquet(_part(opened, table), compression=COMPRESSION, compression_level=LEVEL)
                parts[table.name] = _part(opened, table)
    counts, times = outcome.counts.get(file, {}), outcome.times.get(file, {})
    firsts = [times.get(f"min:{name}") for name in item.spec.business_times]
    lasts = [times.get(f"max:{name}") for name in item.spec.business_times]
    return Results(
        read_count=counts.get("read", 0),
        loaded_count=times.get("loaded", 0),
        repeated_count=sum(number >> 40 == file for number in repeated),
        first_at=min((value for value in firsts if value is not None), default=None),
        last_at=max((value for value in lasts if value is not None), default=None),
        totals=tuple(times.get(f"total:{position}") for position in range(len(item.compiled.totals))),
        faulty=outcome.faulty.filter(pl.col(FILE) == file) if outcome.faulty.height else outcome.faulty,
        faults=outcome.faults,
        parts=parts,
    )


def _of_file(rows: pl.DataFrame, file: int) -> pl.DataFrame:
    """The rows of one file; a table of a batch is ordered by file."""
    begin, end = np.searchsorted(rows[FILE].to_numpy(), [file, file + 1])
    return rows.slice(int(begin), int(end - begin))


def batches(opened: Sequence[Opened], limit: int) -> Iterator[list[Opened]]:
    """Files of one format together, up to `limit` bytes of text; larger files stand alone."""
    waiting: dict[str, list[Opened]] = {}
    sizes: dict[str, int] = {}
    for item in opened:
        name, size = item.format.name, item.text_bytes
        if size > limit:
            yield [item]
            continue
        if sizes.get(name, 0) + size > limit:
            yield waiting.pop(name)
            sizes[name] = 0
        waiting.setdefault(name, []).append(item)
        sizes[name] = sizes.get(name, 0) + size
    yield from waiting.values()
