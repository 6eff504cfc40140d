"""The platform on the same deliveries: the command as a user calls it, seconds of its steps, and the figures to compare."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

import dagster as dg
import duckdb

from benchmarks.measure import Measured, measure

_CDP = Path(sys.executable).with_name("cdp")
# each query gives a name and a value as text, in the words of benchmarks.handwritten
_FIGURES: Mapping[str, str] = {
    "orders": "select channel || ' ' || order_type, cast(count(*) as varchar) from fct_orders group by all",
    "purchases": "select channel, count(*) || ' / ' || sum(net_amount) from fct_orders where is_purchase group by all",
    "events": "select event_name, cast(count(*) as varchar) from fct_events group by all",
    "people": """
        select 'source records', cast(sum(source_record_count) as varchar) from dim_customers
        union all
        select 'customers', cast(count(*) as varchar) from dim_customers""",
    "net sales": """
        select period_grain || ' ' || period_start || ' ' || dimension_value, cast(numerator as varchar)
        from kpi
        where metric = 'net_sales' and period_grain in ('month', 'quarter') and dimension in ('all', 'channel') and numerator <> 0""",
    "kpis": """
        select metric || ' ' || period_grain || ' ' || period_start || ' ' || dimension_value,
            numerator || ' / ' || cast(denominator as bigint)
        from kpi
        where metric in ('aov', 'new_buyer_repurchase_30d', 'repurchase_rate', 'churn_rate_literal', 'churn_rate_active_base')
            and period_grain in ('month', 'quarter') and dimension in ('all', 'channel') and denominator <> 0""",
    "rfm tiers": """
        select preset || ' ' || rfm_tier, cast(count(*) as varchar) from customer_rfm where preset <> 'quantile' group by all""",
    "rfm classes": "select rfm_class, cast(count(*) as varchar) from customer_rfm where preset = 'annual' group by all",
    "cohorts": """
        select first_purchase_month || ' +' || months_since, active_customer_count || ' / ' || order_count || ' / ' || net_amount
        from cohort_retention where order_count > 0""",
}


def run(home: Path, deliveries: Path) -> Measured:
    """`cdp run`."""
    return measure([_CDP, "run", "--home", home, "--deliveries", deliveries, "--json"], environment())


def environment() -> dict[str, str]:
    """As a new shell has it: no home of somebody else, compiled modules kept."""
    taken = {"CDP_HOME", "DAGSTER_HOME", "PYTHONDONTWRITEBYTECODE"}
    return {name: value for name, value in os.environ.items() if name not in taken} | {"DO_NOT_TRACK": "1"}


def step_seconds(home: Path) -> dict[str, float]:
    """Seconds of each step over all Dagster runs of the home."""
    found: dict[str, float] = {}
    with dg.DagsterInstance.from_config(str(home / "dagster")) as instance:
        for dagster_run in instance.get_runs():
            for step in instance.get_run_step_stats(dagster_run.run_id):
                if step.start_time and step.end_time:
                    found[step.step_key] = found.get(step.step_key, 0.0) + step.end_time - step.start_time
    return found


def members(home: Path) -> Path:
    """Who is who, as a Parquet file."""
    return home / "lake" / "identity_current" / "part-0.parquet"


def figures(home: Path, stdout: str) -> dict[str, dict[str, str]]:
    """The figures of the published database, and the list's waterfall as the command told it."""
    with duckdb.connect(str(home / "published" / "analytics.duckdb"), read_only=True) as connection:
        found = {section: dict(connection.execute(query).fetchall()) for section, query in _FIGURES.items()}
    waterfall = json.loads(stdout)["segments"]["registered_without_order"]
    steps = {"wanted": "matched", "reachable": "reachable", "consented": "consented"}
    return found | {"list": {ours: str(waterfall[step]) for ours, step in steps.items()}}


def rows_loaded(home: Path) -> dict[str, int]:
    """Rows loaded by format."""
    loads = home / "lake" / "channel_loads" / "part-0.parquet"
    query = "select format_name, cast(sum(loaded_count + duplicate_count) as bigint) from read_parquet(?) group by all"
    with duckdb.connect() as connection:
        return dict(connection.execute(query, [str(loads)]).fetchall())
