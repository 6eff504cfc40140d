"""Find figures of periods that were over which are no longer what was published, and keep what is published now.

What a run finds is kept under a revision of its own, and counts as published once the run's record names that revision: the record is
written last. A run that dies or is stopped before leaves a revision that the next run drops, with its restatements.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import duckdb

from pipelines.contracts.engine import literal, stored_rows, write_query
from pipelines.contracts.metric_tables import KPI_PUBLISHED, KPI_RESTATEMENT
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table
from pipelines.metrics.causes import create_causes
from pipelines.metrics.definitions import read_metrics
from pipelines.metrics.periods import period_end_sql
from pipelines.metrics.runs import RunFacts

_FOUND = """
create or replace table found as
select
    metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, value, is_provisional,
    {period_end} as period_end_on
from marts.main.kpi
where {period_end} <= date '{day}' and metric not in ({predictions})
"""

# a row that is gone was restated too, and so was one that came up in a slice that had been published; what no run published was not
_RESTATED = """
create or replace table restated as
with old as (
    select *, {period_end} as period_end_on from published where revision = {revision}
),
slices as (
    select distinct metric, period_grain, period_start, dimension from old
)
select
    coalesce(old.metric, found.metric) as metric,
    coalesce(old.period_grain, found.period_grain) as period_grain,
    coalesce(old.period_start, found.period_start) as period_start,
    coalesce(old.dimension, found.dimension) as dimension,
    coalesce(old.dimension_value, found.dimension_value) as dimension_value,
    coalesce(old.period_end_on, found.period_end_on) as period_end_on,
    old.value as old_value, found.value as new_value,
    old.numerator as old_numerator, found.numerator as new_numerator,
    old.denominator as old_denominator, found.denominator as new_denominator,
    coalesce(old.is_provisional, false) as was_provisional
from old
full join found
    on found.metric = old.metric and found.period_grain = old.period_grain and found.period_start = old.period_start
    and found.dimension = old.dimension and found.dimension_value = old.dimension_value
left join slices
    on slices.metric = found.metric and slices.period_grain = found.period_grain and slices.period_start = found.period_start
    and slices.dimension = found.dimension
where
    (old.metric is not null or slices.metric is not null)
    and (
        old.value is distinct from found.value
        or old.numerator is distinct from found.numerator
        or old.denominator is distinct from found.denominator
    )
"""

_RESTATEMENTS = """
select * from {restatements} where revision <= {old_revision}
union all by name
select
    {revision} as revision, {run_id} as run_id, date '{day}' as as_of, {old_run_id} as old_run_id, {old_as_of} as old_as_of,
    restated.* exclude (period_end_on), causes.cause
from restated
join causes
    on causes.metric = restated.metric and causes.period_grain = restated.period_grain and causes.period_start = restated.period_start
    and causes.dimension = restated.dimension and causes.was_provisional = restated.was_provisional
order by revision, metric, period_grain, period_start, dimension, dimension_value
"""

_PUBLISHED = """
select * from published where revision = {old_revision}
union all by name
select
    {revision} as revision, {run_id} as run_id, date '{day}' as as_of, found.* exclude (period_end_on)
from found
order by revision, metric, period_grain, period_start, dimension, dimension_value
"""


def write_restatements(
    connection: duckdb.DuckDBPyConnection, run: Run, present: RunFacts, past: Callable[[str], RunFacts | None]
) -> dict[str, int]:
    """Write KPI_RESTATEMENT and KPI_PUBLISHED for the run; return the number of figures that it restates.

    `past` gives the record of a run by its id, None for one that did not publish. A run for an earlier day than the newest published one
    restates nothing and leaves both tables as they are: what it finds was never the newest figure.
    """
    connection.execute(f"create or replace table published as select * from {stored_rows(run, KPI_PUBLISHED)}")
    generations = connection.execute("select distinct revision, run_id, as_of from published order by revision desc").fetchall()
    standing = [(revision, run_id, as_of) for revision, run_id, as_of in generations if _is_published(past(run_id), revision)]
    if standing and standing[0][2] > run.as_of:
        _keep(connection, run)
        return {"restated": 0}
    if standing and standing[0][1] == present.run_id:
        # the same run once more finds what it found: what a run after it left without publishing goes
        return {"restated": _truncate(connection, run, standing[0][0])}
    old_revision, old_run_id, old_as_of = standing[0] if standing else (0, None, None)
    period_end = period_end_sql("period_grain", "period_start")
    predictions = ", ".join(["''", *(literal(name) for name, metric in read_metrics().items() if metric.is_prediction)])
    connection.execute(_FOUND.format(period_end=period_end, day=run.as_of, predictions=predictions))
    connection.execute(_RESTATED.format(period_end=period_end, revision=old_revision))
    old = past(old_run_id) if old_run_id else None
    create_causes(connection, run, present, old, old_as_of)
    words = {
        "restatements": stored_rows(run, KPI_RESTATEMENT),
        "old_revision": old_revision,
        "revision": old_revision + 1,
        "run_id": literal(present.run_id),
        "day": run.as_of,
        "old_run_id": literal(old_run_id or ""),
        "old_as_of": f"date '{old_as_of}'" if old_as_of else "cast(null as date)",
    }
    # restatements first: a crash between the two leaves rows of a revision that the next run drops and finds again
    write_query(connection, _RESTATEMENTS.format(**words), KPI_RESTATEMENT, _path(run, KPI_RESTATEMENT))
    write_query(connection, _PUBLISHED.format(**words), KPI_PUBLISHED, _path(run, KPI_PUBLISHED))
    [(count,)] = connection.execute("select count(*) from restated").fetchall()
    return {"restated": count}


def revision_of(run: Run, run_id: str) -> int | None:
    """The revision under which a run's figures are kept; None for a run of a day before the newest one. The run's record names it."""
    with duckdb.connect(":memory:") as connection:
        [(revision,)] = connection.execute(
            f"select max(revision) from {stored_rows(run, KPI_PUBLISHED)} where run_id = {literal(run_id)}"
        ).fetchall()
    return None if revision is None else int(revision)


def _is_published(facts: RunFacts | None, revision: int) -> bool:
    return facts is not None and facts.kpi_revision == revision


def _keep(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Both tables exist after every run, whatever came before it."""
    for table in (KPI_RESTATEMENT, KPI_PUBLISHED):
        if not _path(run, table).exists():
            write_query(connection, f"select * from {stored_rows(run, table)}", table, _path(run, table))


def _truncate(connection: duckdb.DuckDBPyConnection, run: Run, revision: int) -> int:
    """Leave nothing after a revision; return its restatements."""
    for table in (KPI_RESTATEMENT, KPI_PUBLISHED):
        rows = f"select * from {stored_rows(run, table)} where revision <= {revision} order by {', '.join(table.key)}"
        write_query(connection, rows, table, _path(run, table))
    [(count,)] = connection.execute(f"select count(*) from {stored_rows(run, KPI_RESTATEMENT)} where revision = {revision}").fetchall()
    return int(count)


def _path(run: Run, table: Table) -> Path:
    return run.home.table(table.name) / "part-0.parquet"
