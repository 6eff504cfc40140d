"""Gather the evidence: every source record that any channel names, and one contact point a record and value. Decides nothing."""

from __future__ import annotations

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_CONTACT_POINTS, CHANNEL_EVENTS, CHANNEL_ORDERS, CHANNEL_PROFILES, CHANNEL_TABLES
from pipelines.contracts.engine import business_time, create_from_frame, fetch_frame, literal, visible_rows
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.normalization import comparable_values, plain_value
from pipelines.contracts.run import Run

# from here on records and values are numbers in the order of their keys: joins and sorts of 5 M rows take a third of the time
_RECORDS = """
create table records as
select
    row_number() over (order by source_record_key) as record_id,
    source_record_key,
    split_part(source_record_key, ':', 1) as channel,
    first_seen_at,
    is_impersonal
from mentions
"""

# one scan for what follows: with a file a load, opening files is what a scan costs
_USED = """
create table used as select distinct type, scope, _exported_at, _load_id from {contact_points}
"""

_KINDS = """
create table kinds as
select row_number() over (order by types.type, used_scopes.scope) as kind_id, types.type, used_scopes.scope, types.rank, types.is_exclusive,
    types.may_be_shared
from (select distinct type, scope from used) as used_scopes
join types on types.type = used_scopes.type
"""

# a claim is as old as its first_seen_at; among equals the earlier export, then load, then line is the one that proves it
_LOADS = """
create table loads as
select row_number() over (order by _exported_at, _load_id) as load_no, _exported_at, _load_id
from (select distinct _exported_at, _load_id from used) as used_loads
"""

_CLAIMS = """
create table claims as
select
    records.record_id,
    kinds.kind_id,
    plain.value,
    case when plain.value is null then plain.value_raw end as odd_value,
    plain.first_seen_at,
    plain.last_seen_at,
    loads.load_no * 1099511627776 + plain._source_row as proof
from (select *, {plain_value} as value from {contact_points}) as plain
join records on records.source_record_key = plain.source_record_key
join kinds on kinds.type = plain.type and kinds.scope = plain.scope
join loads on loads._exported_at = plain._exported_at and loads._load_id = plain._load_id
"""

_ODD_VALUES = """
select distinct kinds.type, claims.odd_value as value_raw
from claims
join kinds on kinds.kind_id = claims.kind_id
where claims.odd_value is not null
"""

# one scan for all that is asked of profiles: how often who is named, when they were born, and what else the same line said
_PROFILE_CLAIMS = """
create table profile_claims as
select
    records.record_id,
    profiles.full_name,
    profiles.birth_on,
    loads.load_no * 1099511627776 + profiles._source_row as proof
from {profiles} as profiles
join records on records.source_record_key = profiles.source_record_key
left join loads on loads._exported_at = profiles._exported_at and loads._load_id = profiles._load_id
where profiles.full_name is not null or profiles.birth_on is not null
"""

_CLAIMED_NAMES = """
create table claimed_names as
select record_id, full_name, count(*) as claim_count
from profile_claims
where full_name is not null
group by record_id, full_name
"""

# The earliest proof is the smallest (first_seen_at, load_no, _source_row). Packed into one whole number of 127 bits, because the
# smallest of a struct takes half as long again; by shifts, because arithmetic on decimals of that width takes a microsecond each.
_CONTACT_POINTS = """
create table contact_points as
select
    collapsed.record_id,
    collapsed.kind_id,
    collapsed.value,
    coalesce(unreal.state, 'real') as state,
    collapsed.first_seen_at,
    collapsed.last_seen_at,
    cast(collapsed.packed & 9223372036854775807 as bigint) as proof
from (
    select
        claims.record_id,
        claims.kind_id,
        coalesce(claims.value, odd_values.value) as value,
        min(claims.first_seen_at) as first_seen_at,
        max(claims.last_seen_at) as last_seen_at,
        min(((cast(epoch_us(claims.first_seen_at) as hugeint) + 9223372036854775808) << 63) + claims.proof) as packed
    from claims
    left join odd_values on odd_values.kind_id = claims.kind_id and odd_values.value_raw = claims.odd_value
    where coalesce(claims.value, odd_values.value) <> ''
    group by claims.record_id, claims.kind_id, coalesce(claims.value, odd_values.value)
) as collapsed
left join (
    select kind_id, value, min(state) as state from odd_values where state <> 'real' group by kind_id, value
) as unreal on unreal.kind_id = collapsed.kind_id and unreal.value = collapsed.value
"""


def collect_records(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create `records (record_id, source_record_key, channel, first_seen_at, is_impersonal)`: one row per source record.

    Every key that any channel table names is a record, with or without a contact point. `is_impersonal`: the channel knows no person
    here, the key is that of an order or of a device.
    """
    connection.execute(f"create table mentions as select {_MENTION_COLUMNS} from ({_mentions(run)}) group by source_record_key")
    connection.execute(_RECORDS)
    connection.execute("drop table mentions")


_IMPERSONAL = {
    CHANNEL_ORDERS.name: "order_key = source_record_key",
    CHANNEL_EVENTS.name: "coalesce(ends_with(source_record_key, anonymous_id), false)",
}

_MENTION_COLUMNS = """
    source_record_key,
    min(coalesce(seen_at, _exported_at)) as first_seen_at,
    bool_or(is_impersonal) as is_impersonal
"""


def _mentions(run: Run) -> str:
    parts = []
    for table in CHANNEL_TABLES:
        if "source_record_key" not in table.column_names:
            continue
        is_impersonal = _IMPERSONAL.get(table.name, "false")
        parts.append(
            f"select source_record_key, {business_time(table)} as seen_at, _exported_at, {is_impersonal} as is_impersonal"
            f" from {visible_rows(run, table)} where source_record_key is not null"
        )
    return " union all ".join(parts)


def collect_contact_points(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create `contact_points (record_id, kind_id, value, state, first_seen_at, last_seen_at, proof)`, `kinds` and `loads`.

    One row per record, kind (a type within a scope) and comparable value, over all loads. `proof` is the load
    number * 2^40 + the line of the earliest row. Blank values are no contact points. Leaves `claims (record_id, kind_id, value, ...,
    proof)`, one row per line.
    """
    visible = visible_rows(run, CHANNEL_CONTACT_POINTS)
    _create_types(connection, run)
    connection.execute(_USED.format(contact_points=visible))
    _refuse_unknown_types(connection)
    connection.execute(_KINDS)
    connection.execute(_LOADS)
    connection.execute(_CLAIMS.format(contact_points=visible, plain_value=plain_value(run.config)))
    create_from_frame(connection, "odd_by_type", comparable_values(fetch_frame(connection, _ODD_VALUES), run.config))
    connection.execute("create table odd_values as select kinds.kind_id, odd_by_type.* from odd_by_type join kinds using (type)")
    connection.execute(_CONTACT_POINTS)
    connection.execute("drop table odd_values; drop table odd_by_type; drop table used; drop table types")


def collect_profile_claims(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create `profile_claims (record_id, full_name, birth_on, proof)`: one row per line that names a person or a birthday.

    `proof` is as in `claims`; null for a load without contact points. Creates `claimed_names (record_id, full_name, claim_count)` too:
    one row per record and name as delivered.
    """
    connection.execute(_PROFILE_CLAIMS.format(profiles=visible_rows(run, CHANNEL_PROFILES)))
    connection.execute(_CLAIMED_NAMES)


def _create_types(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    exclusive = run.config.identity.exclusive_types
    rows = ", ".join(
        f"({literal(kind.name)}, {kind.rank}, {kind.name in exclusive}, {kind.may_be_shared})" for kind in IDENTIFIER_TYPES.values()
    )
    connection.execute(f"create table types as select * from (values {rows}) as listed (type, rank, is_exclusive, may_be_shared)")


def _refuse_unknown_types(connection: duckdb.DuckDBPyConnection) -> None:
    unknown = connection.execute("select distinct type from used anti join types using (type) order by type").fetchall()
    if unknown:
        raise ConfigurationError(
            f"identifier type {unknown[0][0]!r} is not known", where="channel_contact_points.type", do="use a type of IDENTIFIER_TYPES"
        )
