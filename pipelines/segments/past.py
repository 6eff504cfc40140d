"""The lists that were decided before the run's, of nights and of hours. Knows nothing of the run itself or of later ones."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path

import polars as pl

from pipelines.contracts.engine import literal
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import past_hours, past_nights
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS, SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import Segment
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import DUCKDB_TYPES, Table

_USUAL_MEDIUM = "sms"

# the list of a night is used on the next day, that of an hour at once
_PAST = """(
select
    *,
    cast(as_of as varchar) as list_name,
    timezone({zone}, cast(as_of + 1 as timestamp)) as listed_at,
    as_of + 1 as used_on
from {nights}
union all by name
select *, as_of as used_on
from (select * exclude (night_on) from {hours})
)"""


def past_memberships(run: Run, since: date = date.min) -> str:
    """SQL relation: the memberships that were decided before the run, with `list_name`, `listed_at` and `used_on` of their lists.

    Those of nights before the day `since`, and of hours that followed them, are left out.

    `list_name` is the day or the hour, `listed_at` the first instant that it did not see, `used_on` the day on which the list is used.
    """
    return _PAST.format(
        zone=literal(run.config.business_time_zone),
        nights=_rows((path for day, path in past_nights(run).items() if day >= since), SEGMENT_MEMBERSHIPS),
        hours=_rows(past_hours(run, since).values(), HOURLY_MEMBERSHIPS),
    )


def _rows(paths: Iterable[Path], table: Table) -> str:
    listed = ", ".join(literal(str(path)) for path in paths)
    if not listed:
        columns = ", ".join(f"cast(null as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in table.columns)
        return f"(select {columns} where false)"
    return f"read_parquet([{listed}], hive_partitioning = false)"


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
