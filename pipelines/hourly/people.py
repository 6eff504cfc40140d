"""Whose the new source records are, among the customers of the night. Nobody is merged in an hour: who is not plainly one of them waits.

A new record is a known customer's when its real identifiers are accepted ones of that customer alone. It waits for the night when two
customers hold them, when one of them has passed from one person to another before, when the record and the customer have different
values of an identifier of which nobody has two, and when all that ties them is a phone or an e-mail under another name.
"""

from __future__ import annotations

from collections.abc import Iterable

import duckdb

from pipelines.contracts.channel_tables import (
    CHANNEL_CONSENTS,
    CHANNEL_CONTACT_POINTS,
    CHANNEL_EVENTS,
    CHANNEL_ORDERS,
    CHANNEL_PROFILES,
    CHANNEL_SENDS,
)
from pipelines.contracts.engine import create_from_frame, fetch_frame, lake_rows, literal, stored_rows, write_query
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.identity_tables import (
    GOLDEN_CUSTOMERS,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
    IDENTITY_OWNERSHIPS,
)
from pipelines.contracts.normalization import comparable_values, plain_value
from pipelines.contracts.run import Run
from pipelines.hourly.facts import Night, new_rows

_NAMING = (CHANNEL_CONSENTS, CHANNEL_CONTACT_POINTS, CHANNEL_EVENTS, CHANNEL_ORDERS, CHANNEL_PROFILES, CHANNEL_SENDS)

_NEWCOMERS = """
create table newcomers as
select mentions.source_record_key, min(mentions._exported_at) as first_seen_at
from ({mentions}) as mentions
anti join {current} as known on known.source_record_key = mentions.source_record_key
where mentions.source_record_key is not null
group by mentions.source_record_key
"""

_CLAIMED = """
create table claimed as
select distinct points.source_record_key, points.type, points.scope, points.value_raw, {plain_value} as value
from {contact_points} as points
join newcomers on newcomers.source_record_key = points.source_record_key
"""

_ODD_VALUES = "select distinct type, value_raw from claimed where value is null"

_CANDIDATES = """
create table new_points as
select distinct claimed.source_record_key, claimed.type, claimed.scope, coalesce(claimed.value, odd_values.value) as value
from claimed
left join odd_values on odd_values.type = claimed.type and odd_values.value_raw = claimed.value_raw
where claimed.value is not null or odd_values.state = 'real';

create table candidates as
select distinct
    new_points.source_record_key,
    members.customer_id,
    new_points.type in ({shared_types}) as is_shared,
    recycled.value is not null as is_recycled
from new_points
join {identity_contact_points} as points
    on points.type = new_points.type and points.scope = new_points.scope and points.value = new_points.value and points.is_accepted
join {current} as members on members.source_record_key = points.source_record_key
left join (select distinct type, scope, value from {ownerships}) as recycled
    on recycled.type = new_points.type and recycled.scope = new_points.scope and recycled.value = new_points.value
"""

_ATTRIBUTED = """
create table attributed as
with single as (
    select source_record_key, min(customer_id) as customer_id, bool_and(is_shared) as is_only_shared
    from candidates
    group by source_record_key
    having count(distinct customer_id) = 1 and not bool_or(is_recycled)
),

contradicted as (
    select single.source_record_key
    from single
    join new_points on new_points.source_record_key = single.source_record_key and new_points.type in ({exclusive_types})
    join {current} as members on members.customer_id = single.customer_id
    join {identity_contact_points} as points
        on points.source_record_key = members.source_record_key and points.type = new_points.type and points.scope = new_points.scope
        and points.is_accepted and points.value <> new_points.value
),

named_otherwise as (
    select single.source_record_key
    from single
    join {profiles} as profiles on profiles.source_record_key = single.source_record_key
    join {golden_customers} as golden on golden.customer_id = single.customer_id
    where single.is_only_shared and lower(trim(profiles.full_name)) <> lower(trim(golden.full_name))
)

select single.source_record_key, single.customer_id
from single
anti join contradicted on contradicted.source_record_key = single.source_record_key
anti join named_otherwise on named_otherwise.source_record_key = single.source_record_key
"""

# who waits is somebody of their own until the night: what they deny, or complain of, holds for the contact point all the same
_CURRENT = """
select source_record_key, customer_id, first_seen_at
from {current}
union all
select
    newcomers.source_record_key,
    coalesce(attributed.customer_id, 'waits ' || row_number() over (order by newcomers.source_record_key)) as customer_id,
    newcomers.first_seen_at
from newcomers
left join attributed on attributed.source_record_key = newcomers.source_record_key
"""


def attribute_newcomers(connection: duckdb.DuckDBPyConnection, run: Run, night: Night) -> tuple[int, int]:
    """Give new source records to the customers of the night; return how many there are, and how many of them wait for the next.

    Creates `members (source_record_key, customer_id)`, of known customers alone, and `candidates`, customers whom a record may be. The
    lake of `run`, a shadow, is left with IDENTITY_CURRENT completed by all new records.
    """
    day = run.whole_day
    names = {
        "current": lake_rows(run, IDENTITY_CURRENT),
        "identity_contact_points": lake_rows(run, IDENTITY_CONTACT_POINTS),
        "ownerships": stored_rows(run, IDENTITY_OWNERSHIPS),
        "golden_customers": lake_rows(run, GOLDEN_CUSTOMERS),
        "mentions": " union all ".join(f"select source_record_key, _exported_at from {new_rows(day, night, table)}" for table in _NAMING),
        "contact_points": new_rows(day, night, CHANNEL_CONTACT_POINTS),
        "profiles": new_rows(day, night, CHANNEL_PROFILES),
        "plain_value": plain_value(run.config),
        "shared_types": _listed(name for name, kind in IDENTIFIER_TYPES.items() if kind.may_be_shared),
        "exclusive_types": _listed(run.config.identity.exclusive_types),
    }
    for step in (_NEWCOMERS, _CLAIMED):
        connection.execute(step.format_map(names))
    create_from_frame(connection, "odd_values", comparable_values(fetch_frame(connection, _ODD_VALUES), run.config))
    for step in (_CANDIDATES, _ATTRIBUTED):
        connection.execute(step.format_map(names))
    known = f"select source_record_key, customer_id from {names['current']}"
    connection.execute(f"create table members as {known} union all select source_record_key, customer_id from attributed")
    write_query(connection, _CURRENT.format_map(names), IDENTITY_CURRENT, run.home.table(IDENTITY_CURRENT.name) / "part-0.parquet")
    counts = "select (select count(*) from newcomers), (select count(*) from newcomers) - (select count(*) from attributed)"
    [(new, waiting)] = connection.execute(counts).fetchall()
    return new, waiting


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(literal, sorted(names))) or "''"
