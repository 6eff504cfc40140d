"""What one run came to, as the few tables that are compared: who is who, facts with their owner, tiers, KPIs, lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_POINTS
from pipelines.contracts.engine import lake_rows, literal, visible_rows
from pipelines.contracts.errors import CdpError
from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS

_TABLES = """
create schema {side};
create table {side}.records as select source_record_key, customer_id from {current};
create table {side}.facts as
select 'order' as kind, order_key as fact_key, customer_id, case when is_purchase then net_amount else 0 end as amount
from {side}_marts.main.fct_orders
union all
select 'send', send_key, customer_id, 1 from {side}_marts.main.fct_sends
union all
select 'points', points.points_key, records.customer_id, points.points_delta
from (
    select points_key, source_record_key, points_delta
    from {points}
    qualify row_number() over (
        partition by points_key order by _exported_at desc nulls last, _load_id desc nulls last, _source_row desc nulls last
    ) = 1
) as points
left join {side}.records as records on records.source_record_key = points.source_record_key;
create table {side}.tiers as
select customer_id, preset, rfm_tier, monetary_amount from {side}_marts.main.customer_rfm;
create table {side}.kpis as
select metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, value, unit from {side}_marts.main.kpi;
create table {side}.memberships as
select segment_name, customer_id, outcome from {memberships}
"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run, whose home holds the lake as the run left it, and the database with its marts."""

    run: Run
    marts: Path


def load_outcome(connection: duckdb.DuckDBPyConnection, side: str, outcome: Outcome) -> None:
    """Create the schema `side` with the tables that `compare` reads:

    `records (source_record_key, customer_id)`; `facts (kind, fact_key, customer_id, amount)`: order, with its net amount if it is a
    purchase, else 0, send with 1, points with their movement, customer_id null where nobody is known; `tiers (customer_id, preset,
    rfm_tier, monetary_amount)`; `kpis`; `memberships (segment_name, customer_id, outcome)` of the day. Raises CdpError when the marts
    cannot be read.
    """
    run = outcome.run
    day = run.home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={run.as_of}" / "part-0.parquet"
    statement = _TABLES.format(
        side=side,
        current=lake_rows(run, IDENTITY_CURRENT),
        points=visible_rows(run, CHANNEL_POINTS),
        memberships=f"read_parquet({literal(str(day))}, hive_partitioning = false)",
    )
    try:
        connection.execute(f"attach {literal(str(outcome.marts))} as {side}_marts (read_only)")
        connection.execute(statement)
        connection.execute(f"detach {side}_marts")
    except duckdb.Error as error:  # its text may quote a value
        raise CdpError(f"cannot be read ({type(error).__name__})", where=str(outcome.marts), do="run the day again") from error
