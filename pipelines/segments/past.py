"""The lists of the days before the run's, as the gate decided them. Knows nothing of the day itself or of later ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import polars as pl

from pipelines.contracts.engine import literal
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import Segment
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import DUCKDB_TYPES

_USUAL_MEDIUM = "sms"


def past_memberships(run: Run) -> str:
    """SQL relation: the memberships of the days before the run's; none on the first night."""
    folder = run.home.table(SEGMENT_MEMBERSHIPS.name)
    paths = [path for path in sorted(folder.glob("as_of=*/part-0.parquet")) if _day(path.parent.name) < run.as_of]
    if not paths:
        columns = ", ".join(f"cast(null as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in SEGMENT_MEMBERSHIPS.columns)
        return f"(select {columns} where false)"
    return f"read_parquet([{', '.join(literal(str(path)) for path in paths)}], hive_partitioning = false)"


def complete_past(run: Run, segments: Iterable[Segment]) -> int:
    """Add medium and purpose to memberships that were stored before there were these columns; return of how many days.

    All lists were of marketing then. The medium is the channel of the segment as it is defined now; of one that is defined no more,
    the usual one.
    """
    media = {segment.name: segment.channel for segment in segments}
    count = 0
    for path in sorted(run.home.table(SEGMENT_MEMBERSHIPS.name).glob("as_of=*/part-0.parquet")):
        if set(pl.read_parquet_schema(path)) != set(SEGMENT_MEMBERSHIPS.column_names):
            medium = pl.col("segment_name").replace_strict(media, default=_USUAL_MEDIUM, return_dtype=pl.String)
            stored = pl.read_parquet(path, hive_partitioning=False)
            write_table(stored.with_columns(medium=medium, purpose=pl.lit("marketing")), SEGMENT_MEMBERSHIPS, path)
            count += 1
    return count


def _day(folder: str) -> date:
    return date.fromisoformat(folder.removeprefix("as_of="))
