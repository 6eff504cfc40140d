"""Name the facts that a day's first run did not see: delivered after it, or exported after the time that counts for the day."""

from __future__ import annotations

import glob
from collections.abc import Sequence

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.engine import instant, literal, write_query
from pipelines.contracts.metric_tables import LATE_FACTS
from pipelines.contracts.run import Run
from pipelines.metrics.arrivals import create_arrivals
from pipelines.metrics.runs import RunFacts

_ROWS = """
select date '{day}' as as_of, fact_table, told_key as fact_key, occurred_on, exported_at, load_id, change, is_counted
from late
qualify row_number() over (partition by fact_table, told_key order by is_counted desc, exported_at desc, load_id desc) = 1
order by fact_table, fact_key
"""


def write_late_facts(connection: duckdb.DuckDBPyConnection, run: Run, present: RunFacts, same_day: Sequence[RunFacts]) -> dict[str, int]:
    """Write LATE_FACTS for the run; return the facts by whether they are counted.

    `same_day` are the runs that published this day before; the one that saw the fewest loads was the first. Without any, nothing was
    delivered late, and only what was exported too late is named.
    """
    first = min((*same_day, present), key=lambda facts: (len(facts.loads), facts.run_id))
    excluded = _loads_exported_too_late(connection, run)
    create_arrivals(connection, run, present.loads - first.loads, present.loads & first.loads)
    connection.execute("create or replace table late as select *, true as is_counted from arrivals")
    create_arrivals(connection, run, excluded, present.loads)
    connection.execute("insert into late select *, false as is_counted from arrivals")
    write_query(connection, _ROWS.format(day=run.as_of), LATE_FACTS, run.home.table(LATE_FACTS.name) / "part-0.parquet")
    counts = dict(connection.execute("select is_counted, count(distinct (fact_table, told_key)) from late group by 1").fetchall())
    return {"late_counted": counts.get(True, 0), "late_not_counted": counts.get(False, 0)}


def _loads_exported_too_late(connection: duckdb.DuckDBPyConnection, run: Run) -> frozenset[str]:
    ledger = f"read_parquet({literal(glob.escape(str(run.home.table(CHANNEL_LOADS.name) / 'part-0.parquet')))})"
    found = connection.execute(
        f"select load_id from {ledger} where outcome = 'loaded' and exported_at >= {instant(run.exported_before_at)}"
    ).fetchall()
    return frozenset(load for (load,) in found)
