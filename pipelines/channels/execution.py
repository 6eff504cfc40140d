"""Run the plan of a batch in memory: all tables in one execution, a second one only where records repeat or ids were rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

import numpy as np
import polars as pl

from pipelines.channels.compiled import FILE
from pipelines.channels.erased import erased_numbers, may_stay, without_person
from pipelines.channels.formats import Format
from pipelines.channels.plan import (
    FAULT,
    RecordFault,
    Records,
    cells,
    faulty,
    file_of,
    fingerprints,
    good,
    in_file_order,
    is_among,
    record_count,
    records,
    row_of,
    table_rows,
)
from pipelines.channels.reading import Opened
from pipelines.channels.typed import LONG_ID, ZERO_TAILED_ID
from pipelines.contracts.config import Config
from pipelines.contracts.tables import Table
from pipelines.contracts.tombstones import Tombstones


@dataclass(frozen=True, slots=True)
class Stop:
    """Who was forgotten, and how their values are compared."""

    tombstones: Tombstones
    config: Config


class _Parquet(TypedDict):
    compression: Literal["zstd"]
    compression_level: int
    statistics: dict[str, bool]


# long ids end in zeros by chance once in a hundred to once in ten thousand; in a file saved by a spreadsheet all do
_LOSSY_SHARE, _LOSSY_COUNT = 0.05, 2

# zstd 1 writes half the bytes of snappy for a tenth more time; bounds of columns would cost another tenth and nobody prunes by them
PARQUET: Final[_Parquet] = {"compression": "zstd", "compression_level": 1, "statistics": {"null_count": True, "min": False, "max": False}}


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
    parts: tuple[tuple[str, Path], ...]  # table and file in staging, of the tables that got rows
    holes: tuple[tuple[str, str], ...]  # table and required column that is null in some row: a mistake in the contract
    erased_rows: tuple[int, ...] = ()  # source_row of the records that were stopped


@dataclass(frozen=True, slots=True)
class _Part:
    """Where the rows of one file for one table were written."""

    path: Path
    holes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    times: Mapping[int, Mapping[str, Any]]
    parts: Mapping[int, Mapping[str, _Part]]  # by file and table


def run(batch: Sequence[Opened], stop: Stop) -> list[Results]:
    """Results of files of one format that are read together, in memory."""
    item = batch[0].format
    found = _typed(batch, item, ())
    counts = _by_file(record_counts(found, item).collect(engine="streaming"))
    lossy = [file for file, row in counts.items() if is_lossy(row)]
    if lossy:
        found = _typed(batch, item, lossy)
        counts = _by_file(record_counts(found, item).collect(engine="streaming"))
    repeated = _repeated(found, item) if item.spec.repeated_rows == "drop" else []
    erased = erased_numbers(found.typed, item, batch[0].constants, stop.tombstones, stop.config)
    outcome = _tables_of(found, batch, item, repeated, erased)
    repeated = sorted({*repeated} - {*erased})
    found = without_erased(found, erased)
    has_faulty = any(row["faulty"] for row in counts.values())
    # rare enough for the cells to be read once more
    set_aside = faulty(found, item).collect(engine="streaming") if has_faulty else faulty(found, item).clear().collect()
    repeats = np.bincount(file_of(np.array(repeated, dtype=np.int64)), minlength=len(batch)).tolist()
    stopped = rows_by_file(erased)
    return [
        _results(opened, file, counts.get(file, {}), outcome, set_aside, found.faults, repeats[file], stopped.get(file, ()))
        for file, opened in enumerate(batch)
    ]


def without_erased(found: Records, erased: Sequence[int]) -> Records:
    """The records without those that are stopped, so that nothing of them is told."""
    if not erased:
        return found
    return replace(found, typed=found.typed.filter(~is_among(erased)), with_texts=found.with_texts.filter(~is_among(erased)))


def rows_by_file(numbers: Sequence[int]) -> dict[int, tuple[int, ...]]:
    """Source rows of records that are numbered within their batch, by file, each once."""
    found: dict[int, set[int]] = {}
    for number in numbers:
        found.setdefault(file_of(number), set()).add(row_of(number))
    return {file: tuple(sorted(rows)) for file, rows in found.items()}


def is_lossy(counts: Mapping[str, Any]) -> bool:
    """Has a spreadsheet rounded the long ids of the file?"""
    return bool(counts["zero_tails"] >= _LOSSY_COUNT and counts["zero_tails"] > _LOSSY_SHARE * counts["long_ids"])


def _typed(batch: Sequence[Opened], item: Format, lossy: Sequence[int]) -> Records:
    """Typed records, computed once: every table is planned on the result.

    One plan for all would grow with sources times outputs: 46 small files took 1.0 s to plan.
    """
    frames = cells([opened.scan for opened in batch], [opened.constants for opened in batch])
    whole = pl.concat(pl.collect_all(frames, engine="streaming"))
    found = records(whole.lazy(), batch[0].scan.natives, item, lossy_files=lossy)
    return replace(found, typed=found.typed.collect(engine="streaming").lazy())


def _repeated(found: Records, item: Format) -> list[int]:
    """Numbers of the records that equal an earlier one of their file in every field."""
    candidates = equal(fingerprints(found, item).collect(engine="streaming"), with_first=True)
    return equal(fingerprints(found, item, candidates).collect(engine="streaming"), with_first=False) if candidates else []


def equal(prints: pl.DataFrame, *, with_first: bool) -> list[int]:
    """Numbers of the records whose fingerprint equals an earlier one of their file, or `with_first` also that of a later one."""
    number, first, second = (prints[name].to_numpy() for name in ("number", "first", "second"))
    file = file_of(number)
    order = np.lexsort((number, second, first, file))
    same = np.logical_and.reduce([values[order][1:] == values[order][:-1] for values in (file, first, second)])
    later = order[1:][same]
    return sorted({*number[later].tolist(), *(number[order[:-1][same]].tolist() if with_first else ())})


def _tables_of(found: Records, batch: Sequence[Opened], item: Format, repeated: Sequence[int], erased: Sequence[int]) -> _Outcome:
    constants = [opened.constants for opened in batch]
    whole = good(found, item, constants[0], repeated).collect(engine="streaming").lazy()
    frame = whole.filter(~is_among(erased)) if erased else whole
    plans = []
    for table in tables_of(item):
        rules = [rule for rule in item.compiled.rules if rule.table is table]
        rows = table_rows(frame, rules, item, constants)
        if erased and may_stay(table):
            of_nobody = without_person(table_rows(whole.filter(is_among(erased)), rules, item, constants), table)
            rows = pl.concat([rows, of_nobody])
        plans.append(rows)
    *filled, times = pl.collect_all([*plans, _times(frame, item)], engine="streaming")
    parts: dict[int, dict[str, _Part]] = {file: {} for file in range(len(batch))}
    for table, result in zip(tables_of(item), filled, strict=True):
        for file, part in _write_parts(in_file_order(result), table, batch).items():
            parts[file][table.name] = part
    return _Outcome(_by_file(times), parts)


def _write_parts(rows: pl.DataFrame, table: Table, batch: Sequence[Opened]) -> dict[int, _Part]:
    """Write the rows of each file into a part of its own, all by one sink: a call for each of them cost as much as reading the files."""
    paths = [_part(opened, table) for opened in batch]
    if rows.height:
        target = pl.PartitionBy(
            paths[0].parent,
            key=FILE,
            include_key=False,
            approximate_bytes_per_file=None,
            file_path_provider=lambda part: paths[part.partition_keys.item(0, FILE)].name,
        )
        rows.lazy().sink_parquet(target, engine="streaming", **PARQUET)
    holes: dict[int, list[str]] = {file: [] for file in rows[FILE].unique()}
    for column in table.required:
        if rows[column].null_count():
            for file in rows.filter(pl.col(column).is_null())[FILE].unique():
                holes[file].append(column)
    return {file: _Part(paths[file], tuple(columns)) for file, columns in holes.items()}


def tables_of(item: Format) -> list[Table]:
    """The tables that a format fills, each once, in contract order."""
    return list({rule.table.name: rule.table for rule in item.compiled.rules}.values())


def _part(opened: Opened, table: Table) -> Path:
    return opened.staging.with_name(f"{opened.staging.name}.{table.name}.parquet")


def record_counts(found: Records, item: Format) -> pl.LazyFrame:
    """By file: records read, rows at fault, ids of 16 digits and more, and those of them that end in zeros."""
    ids = [pl.col(name) for name, field in item.spec.fields.items() if field.type == "id"]
    return found.typed.group_by(FILE).agg(
        read=record_count(item),
        faulty=(pl.col(FAULT) > 0).sum(),
        long_ids=pl.sum_horizontal(column.str.contains(LONG_ID).sum() for column in ids) if ids else pl.lit(0),
        zero_tails=pl.sum_horizontal(column.str.contains(ZERO_TAILED_ID).sum() for column in ids) if ids else pl.lit(0),
    )


def _times(frame: pl.LazyFrame, item: Format) -> pl.LazyFrame:
    times = [pl.col(name) for name in item.spec.business_times]
    return frame.group_by(FILE).agg(
        *(column.min().name.prefix("min:") for column in times),
        *(column.max().name.prefix("max:") for column in times),
        *(total.alias(f"total:{position}") for position, total in enumerate(item.compiled.totals)),
        loaded=record_count(item),
    )


def _by_file(frame: pl.DataFrame) -> dict[int, dict[str, Any]]:
    return {row[FILE]: row for row in frame.to_dicts()}


def _results(
    opened: Opened,
    file: int,
    counts: Mapping[str, Any],
    outcome: _Outcome,
    set_aside: pl.DataFrame,
    faults: tuple[RecordFault, ...],
    repeated_count: int,
    erased_rows: Sequence[int],
) -> Results:
    item, parts = opened.format, outcome.parts[file]
    times = outcome.times.get(file, {})
    firsts = [times.get(f"min:{name}") for name in item.spec.business_times]
    lasts = [times.get(f"max:{name}") for name in item.spec.business_times]
    return Results(
        read_count=counts.get("read", 0),
        loaded_count=times.get("loaded", 0),
        repeated_count=repeated_count,
        first_at=min((value for value in firsts if value is not None), default=None),
        last_at=max((value for value in lasts if value is not None), default=None),
        totals=tuple(times.get(f"total:{position}") for position in range(len(item.compiled.totals))),
        faulty=set_aside.filter(pl.col(FILE) == file) if set_aside.height else set_aside,
        faults=faults,
        parts=tuple((table, part.path) for table, part in parts.items()),
        holes=tuple((table, column) for table, part in parts.items() for column in part.holes),
        erased_rows=tuple(erased_rows),
    )


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
