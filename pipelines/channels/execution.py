"""Run the plan of a batch: all tables in one execution, a second one only where records repeat or ids were rounded."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, Literal, TypedDict

import numpy as np
import polars as pl
import pyarrow.parquet as pq

from pipelines.channels.compiled import FILE
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
    is_in_file_order,
    record_count,
    records,
    table_rows,
)
from pipelines.channels.reading import Opened
from pipelines.channels.typed import LONG_ID, ZERO_TAILED_ID
from pipelines.contracts.tables import Table


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
    parts: Mapping[str, Path]  # of the tables that got rows, in staging
    holes: tuple[tuple[str, str], ...]  # table and required column that is null in some row: a mistake in the contract


@dataclass(frozen=True, slots=True)
class _Part:
    """Where the rows of one file for one table were written."""

    path: Path
    holes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Outcome:
    times: Mapping[int, Mapping[str, Any]]
    parts: Mapping[int, Mapping[str, _Part]]  # by file and table


def run(batch: Sequence[Opened], *, in_memory: bool) -> list[Results]:
    """Results of files of one format. In memory the files are read together; else there is one file, and it is streamed."""
    item = batch[0].format
    found = _typed(batch, item, (), in_memory=in_memory)
    counts = _by_file(_counts(found, item).collect(engine="streaming"))
    lossy = [file for file, row in counts.items() if _is_lossy(row)]
    if lossy:
        found = _typed(batch, item, lossy, in_memory=in_memory)
        counts = _by_file(_counts(found, item).collect(engine="streaming"))
    repeated = _repeated(found, item) if item.spec.repeated_rows == "drop" else []
    outcome = _tables_of(found, batch, item, repeated, in_memory=in_memory)
    has_faulty = any(row["faulty"] for row in counts.values())
    # rare enough for the cells to be read once more
    set_aside = faulty(found, item).collect(engine="streaming") if has_faulty else faulty(found, item).clear().collect()
    if not in_memory:
        _typed_path(batch[0]).unlink()
    repeats = np.bincount(file_of(np.array(repeated, dtype=np.int64)), minlength=len(batch)).tolist()
    return [
        _results(opened, file, counts.get(file, {}), outcome, set_aside, found.faults, repeats[file]) for file, opened in enumerate(batch)
    ]


def _is_lossy(counts: Mapping[str, Any]) -> bool:
    return bool(counts["zero_tails"] >= _LOSSY_COUNT and counts["zero_tails"] > _LOSSY_SHARE * counts["long_ids"])


def _typed(batch: Sequence[Opened], item: Format, lossy: Sequence[int], *, in_memory: bool) -> Records:
    """Typed records, computed once: every table is planned on the result, in memory or in a file in staging.

    One plan for all would grow with sources times outputs: 46 small files took 1.0 s to plan, and a large one was parsed for each table.
    """
    frames = cells([opened.scan for opened in batch], [opened.constants for opened in batch])
    if in_memory:
        whole = pl.concat(pl.collect_all(frames, engine="streaming"))
        found = records(whole.lazy(), batch[0].scan.natives, item, lossy_files=lossy)
        return replace(found, typed=found.typed.collect(engine="streaming").lazy())
    found = records(frames[0], batch[0].scan.natives, item, lossy_files=lossy)
    path = _typed_path(batch[0])
    found.typed.sink_parquet(path, compression="lz4", statistics=False, engine="streaming")
    return replace(found, typed=pl.scan_parquet(path, glob=False))


def _typed_path(opened: Opened) -> Path:
    return opened.staging.with_name(f"{opened.staging.name}.typed.parquet")


def _repeated(found: Records, item: Format) -> list[int]:
    """Numbers of the records that equal an earlier one of their file in every field."""
    candidates = _equal(fingerprints(found, item).collect(engine="streaming"), with_first=True)
    return _equal(fingerprints(found, item, candidates).collect(engine="streaming"), with_first=False) if candidates else []


def _equal(prints: pl.DataFrame, *, with_first: bool) -> list[int]:
    number, first, second = (prints[name].to_numpy() for name in ("number", "first", "second"))
    file = file_of(number)
    order = np.lexsort((number, second, first, file))
    same = np.logical_and.reduce([values[order][1:] == values[order][:-1] for values in (file, first, second)])
    later = order[1:][same]
    return sorted({*number[later].tolist(), *(number[order[:-1][same]].tolist() if with_first else ())})


def _tables_of(found: Records, batch: Sequence[Opened], item: Format, repeated: Sequence[int], *, in_memory: bool) -> _Outcome:
    constants = [opened.constants for opened in batch]
    frame = good(found, item, constants[0], repeated)
    if in_memory:
        frame = frame.collect(engine="streaming").lazy()
    plans = []
    for table in _tables(item):
        rules = [rule for rule in item.compiled.rules if rule.table is table]
        rows = table_rows(frame, rules, item, constants)
        if not in_memory:
            rows = (
                (rows if is_in_file_order(rules) else in_file_order(rows))
                .drop(FILE)
                .sink_parquet(_part(batch[0], table), lazy=True, **PARQUET)
            )
        plans.append(rows)
    *filled, times = pl.collect_all([*plans, _times(frame, item)], engine="streaming")
    parts: dict[int, dict[str, _Part]] = {file: {} for file in range(len(batch))}
    for table, result in zip(_tables(item), filled, strict=True):
        written = _write_parts(in_file_order(result), table, batch) if in_memory else _written_part(table, batch[0])
        for file, part in written.items():
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


def _written_part(table: Table, opened: Opened) -> dict[int, _Part]:
    """The part of a streamed file, by what its own footer says; a part without rows is removed."""
    path = _part(opened, table)
    metadata = pq.read_metadata(path)
    if not metadata.num_rows:
        path.unlink()
        return {}
    groups = [metadata.row_group(number) for number in range(metadata.num_row_groups)]
    positions = {column: position for position, column in enumerate(table.column_names) if column in table.required}
    statistics = {column: [group.column(position).statistics for group in groups] for column, position in positions.items()}
    return {0: _Part(path, tuple(column for column, found in statistics.items() if any(item and item.null_count for item in found)))}


def _tables(item: Format) -> list[Table]:
    return list({rule.table.name: rule.table for rule in item.compiled.rules}.values())


def _part(opened: Opened, table: Table) -> Path:
    return opened.staging.with_name(f"{opened.staging.name}.{table.name}.parquet")


def _counts(found: Records, item: Format) -> pl.LazyFrame:
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
        parts={table: part.path for table, part in parts.items()},
        holes=tuple((table, column) for table, part in parts.items() for column in part.holes),
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
