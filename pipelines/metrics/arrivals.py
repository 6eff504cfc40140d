"""Facts that some loads brought: which of them are news, against what other loads had said. Knows loads, not figures."""

from __future__ import annotations

import glob
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import date
from types import MappingProxyType

import duckdb

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.engine import instant, lake_rows, literal
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Personal, Table


@dataclass(frozen=True, slots=True)
class _Kind:
    """How facts of one table are dated and compared. `said`: what makes a fact another than it was; None for every column."""

    occurred_at: str
    said: str | None = None

    @property
    def has_days_only(self) -> bool:
        return self.occurred_at.endswith("_on")


# a profile is a fact once it tells of a registration; costs have days, and no instant
_KINDS: Mapping[str, _Kind] = MappingProxyType(
    {
        "channel_orders": _Kind("ordered_at"),
        "channel_order_lines": _Kind("ordered_at"),
        "channel_payments": _Kind("paid_at"),
        "channel_refunds": _Kind("refunded_at"),
        "channel_events": _Kind("occurred_at"),
        "channel_interactions": _Kind("occurred_at"),
        "channel_coupons": _Kind("coalesce(redeemed_at, issued_at)"),
        "channel_sends": _Kind("sent_at"),
        "channel_costs": _Kind("spent_from_on"),
        "channel_tickets": _Kind("created_at"),
        "channel_reviews": _Kind("reviewed_at"),
        "channel_points": _Kind("occurred_at"),
        "channel_profiles": _Kind("registered_at", "registered_at"),
    }
)
FACT_TABLES = tuple(_KINDS)

_NONE = """
create or replace table arrivals (
    fact_table varchar, fact_key varchar, told_key varchar, occurred_on date, exported_at timestamptz, load_id varchar, change varchar
)
"""

# of two versions the one exported later wins, then the load, then the row: as the models rank them
_NEWEST = """
select
    {key} as fact_key,
    arg_max({values}, {{'at': _exported_at, 'load_id': _load_id, 'row': _source_row}}) as newest,
    max({{'at': _exported_at, 'load_id': _load_id, 'row': _source_row}}) as version
from {rows}
where {where}
group by fact_key
"""

_NEWS = """
insert into arrivals
with arrived as ({arrived}), known as ({known})
select
    '{table}',
    arrived.fact_key,
    arrived.newest.told_key,
    arrived.newest.occurred_on,
    arrived.version['at'],
    arrived.version['load_id'],
    case
        when known.fact_key is null then 'new'
        when arrived.newest.refunded is distinct from known.newest.refunded then 'refunded'
        else 'changed'
    end
from arrived
left join known on known.fact_key = arrived.fact_key
where
    known.fact_key is null
    or (arrived.version > known.version and arrived.newest.said is distinct from known.newest.said)
"""


def create_arrivals(
    connection: duckdb.DuckDBPyConnection, run: Run, loads: Collection[str], known: Collection[str], happened_by: date | None = None
) -> None:
    """Create `arrivals`: one row per fact that `loads` brought, that had happened by the end of the day, and that is news to `known`.

    With `happened_by` only what had happened by then, but for refunds: those reduce orders of the past, whenever they are paid out.

    Columns: fact_table, fact_key, told_key (a hash where the key is made of a person's id), occurred_on (business date), exported_at,
    load_id, change (new, refunded, changed). An order that is exported again as it was is no news.
    """
    connection.execute(_NONE)
    connection.execute("create or replace table known_loads (load_id varchar)")
    if known:
        connection.execute(f"insert into known_loads values {', '.join(f'({literal(load)})' for load in sorted(known))}")
    for name, kind in _KINDS.items():
        parts = [path for load in sorted(loads) for path in sorted((run.home.table(name) / f"load={load}").glob("*.parquet"))]
        if not parts:
            continue
        table = TABLES[name]
        listed = ", ".join(literal(glob.escape(str(path))) for path in parts)
        arrived = f"read_parquet([{listed}], hive_partitioning = false)"
        day = run if happened_by is None or name == "channel_refunds" else replace(run, as_of=happened_by)
        happened = f"{kind.occurred_at} {_until(day, kind)}"
        # nearly every table, every night: what is known need not be read when nothing came that it could be compared with
        if not connection.execute(f"select 1 from {arrived} where {happened} limit 1").fetchall():
            continue
        key = table.key[0]
        among = f"_load_id in (select load_id from known_loads) and {key} in (select {key} from {arrived} where {happened})"
        connection.execute(
            _NEWS.format(
                table=name,
                arrived=_newest(run, table, kind, arrived, happened),
                known=_newest(run, table, kind, lake_rows(run, table), f"{happened} and {among}"),
            )
        )


def _newest(run: Run, table: Table, kind: _Kind, rows: str, where: str) -> str:
    key = table.key[0]
    said = kind.said or ", ".join(column.name for column in table.columns if not column.name.startswith("_"))
    refunded = "refunded_amount, status = 'refunded'" if table.name == "channel_orders" else "null"
    values = (
        f"{{'told_key': {_told(run, table)}, 'occurred_on': {_day(run, kind)},"
        f" 'said': hash(row({said})), 'refunded': hash(row({refunded}))}}"
    )
    return _NEWEST.format(key=key, values=values, rows=rows, where=where)


def _until(run: Run, kind: _Kind) -> str:
    return f"<= date '{run.as_of}'" if kind.has_days_only else f"< {instant(run.as_of_end_at)}"


def _day(run: Run, kind: _Kind) -> str:
    if kind.has_days_only:
        return kind.occurred_at
    return f"cast(timezone({literal(run.config.business_time_zone)}, {kind.occurred_at}) as date)"


def _told(run: Run, table: Table) -> str:
    """SQL: the key as it may be shown. Keys made of the id under which a channel knows a person become the hashes that the marts show."""
    key = table.key[0]
    hashed = f"channel || ':' || md5({literal(run.config.identity.id_key)} || '|' || {key})"
    if table.column(key).personal is not Personal.NONE:
        return hashed
    if "source_record_key" not in table.column_names:
        return key
    return f"case when contains({key}, '/' || substr(source_record_key, length(channel) + 2)) then {hashed} else {key} end"
