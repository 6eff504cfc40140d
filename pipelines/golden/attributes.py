"""Choose each attribute of a customer by rule (trusted source, then newest claim, then fullest) and say which row it came from."""

from __future__ import annotations

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_PROFILES, YEARLESS
from pipelines.contracts.engine import instant, lake_rows, literal, visible_rows, write_query
from pipelines.contracts.identity_tables import GOLDEN_CUSTOMERS, GOLDEN_PROVENANCE, IDENTITY_CONTACT_POINTS
from pipelines.contracts.run import Run

# chosen one by one; the rest of the address travels with the claim that gives province, city or address
_SINGLE = ("full_name", "nickname", "gender", "birth_on", "member_level")
_PLACE = ("country", "province", "city", "address")
_TEXTS = ("full_name", "nickname", "gender", "member_level", *_PLACE)

_CLAIMS = """
create table claims as
select
    members.customer_no,
    members.channel,
    coalesce(trusted.place, {last_place}) as trust,
    profiles.source_record_key,
    {texts},
    profiles.birth_on,
    case when profiles.registered_at < {end} then profiles.registered_at end as registered_at,
    {completeness} as completeness,
    profiles.last_seen_at,
    profiles._exported_at,
    profiles._load_id,
    profiles._source_row
from {profiles} as profiles
join members on members.source_record_key = profiles.source_record_key
left join trusted on trusted.channel = members.channel
"""

# claim_no is the order of survivorship within a customer: the smallest that has a value wins. Numbered apart from the claims
# themselves, because a sort carries every column along; they meet by rowid, which costs nothing and lets claims be read in parallel
_ORDER = """
create table claim_order as
select
    rowid as claim_id,
    row_number() over (
        order by customer_no, trust, last_seen_at desc, completeness desc, _exported_at desc, source_record_key, _load_id, _source_row
    ) as claim_no
from claims
"""

_WINNERS = """
create table winners as
select
    claims.customer_no,
    {singles},
    min(claim_order.claim_no) filter (where coalesce(province, city, address) is not null) as place_no,
    min(claim_order.claim_no) filter (where country is not null) as country_no,
    min_by(claim_order.claim_no, (registered_at, claim_order.claim_no)) filter (where registered_at is not null) as registered_no
from claims
join claim_order on claim_order.claim_id = claims.rowid
group by claims.customer_no
"""

# the claims that give a place or a registration, one row each
_GIVING = """
create table giving as
select claim_order.claim_no, claims.channel, claims.registered_at, {place}
from claims
join claim_order on claim_order.claim_id = claims.rowid
where claim_order.claim_no in (select coalesce(place_no, country_no) from winners union select registered_no from winners)
"""

_CONTACTS = """
create table contacts as
select customer_no, field, value, source_record_key, last_seen_at, _load_id, _source_row
from (
    select
        members.customer_no,
        case points.type when 'phone' then 'phone_e164' else 'email' end as field,
        points.value,
        points.source_record_key,
        points.last_seen_at,
        points._load_id,
        points._source_row,
        row_number() over (
            partition by members.customer_no, points.type
            order by coalesce(trusted.place, {last_place}), points.last_seen_at desc, points.value, points.source_record_key
        ) as place
    from {points} as points
    join members on members.source_record_key = points.source_record_key
    left join trusted on trusted.channel = members.channel
    where points.is_accepted and points.type in ('phone', 'email')
) as ranked
where place = 1
"""

_CUSTOMERS = """
select
    ids.customer_id,
    {singles},
    {place},
    phones.value as phone_e164,
    emails.value as email,
    registrations.registered_at,
    registrations.channel as registration_channel,
    counted.first_seen_at,
    counted.source_record_count,
    counted.channel_count
from ids
join (
    select
        customer_no,
        min(first_seen_at) as first_seen_at,
        count(*) as source_record_count,
        count(distinct channel) as channel_count
    from members
    group by customer_no
) as counted on counted.customer_no = ids.customer_no
left join winners on winners.customer_no = ids.customer_no
left join giving as places on places.claim_no = coalesce(winners.place_no, winners.country_no)
left join giving as registrations on registrations.claim_no = winners.registered_no
left join contacts as phones on phones.customer_no = ids.customer_no and phones.field = 'phone_e164'
left join contacts as emails on emails.customer_no = ids.customer_no and emails.field = 'email'
order by ids.customer_no
"""

# sorted by one number: customer and place of the field in the alphabet
_PROVENANCE = """
select ids.customer_id, fields.field, found.source_record_key, found.claimed_at, found._load_id, found._source_row
from (
    select picks.customer_no, picks.field, claims.source_record_key, claims.last_seen_at as claimed_at, claims._load_id, claims._source_row
    from ({picks}) as picks
    join claim_order on claim_order.claim_no = picks.claim_no
    join claims on claims.rowid = claim_order.claim_id
    union all
    select customer_no, field, source_record_key, last_seen_at, _load_id, _source_row from contacts
) as found
join ids on ids.customer_no = found.customer_no
join fields on fields.field = found.field
order by found.customer_no * 16 + fields.field_no
"""


def write_attributes(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Write `golden_customers` and `golden_provenance` from `ids` and `members`; leave `contacts` for the report."""
    _rank_claims(connection, run)
    customers = _CUSTOMERS.format(
        singles=", ".join(f"winners.{name}" for name in _SINGLE), place=", ".join(f"places.{name}" for name in _PLACE)
    )
    write_query(connection, customers, GOLDEN_CUSTOMERS, run.home.table("golden_customers") / "part-0.parquet")
    picks = _picks()
    fields = ", ".join(f"({literal(field)}, {place})" for place, field in enumerate(sorted([*picks, "phone_e164", "email"])))
    connection.execute(f"create table fields as select * from (values {fields}) as listed (field, field_no)")
    provenance = _PROVENANCE.format(picks=" union all ".join(picks.values()))
    write_query(connection, provenance, GOLDEN_PROVENANCE, run.home.table("golden_provenance") / "part-0.parquet")
    connection.execute("drop table claims; drop table claim_order; drop table winners; drop table giving")


def _rank_claims(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    trusted = run.config.identity.trusted_channels
    connection.execute("create table trusted (channel varchar, place integer)")
    for place, channel in enumerate(trusted):
        connection.execute(f"insert into trusted values ({literal(channel)}, {place})")
    claims = _CLAIMS.format(
        last_place=len(trusted),
        texts=", ".join(f"nullif(trim(profiles.{name}), '') as {name}" for name in _TEXTS),
        completeness=" + ".join(f"case when profiles.{name} is not null then 1 else 0 end" for name in (*_TEXTS, "birth_on")),
        end=instant(run.as_of_end_at),
        profiles=visible_rows(run, CHANNEL_PROFILES),
    )
    singles = ", ".join(f"{chosen} filter (where {name} is not null) as {alias}" for name in _SINGLE for chosen, alias in _first(name))
    connection.execute(claims)
    connection.execute(_ORDER)
    connection.execute(_WINNERS.format(singles=singles))
    connection.execute(_GIVING.format(place=", ".join(_PLACE)))
    connection.execute(_CONTACTS.format(points=lake_rows(run, IDENTITY_CONTACT_POINTS), last_place=len(trusted)))


def _first(name: str) -> tuple[tuple[str, str], tuple[str, str]]:
    """Aggregate and alias: the value of the first claim, and its number. A birthday with its year comes before one without."""
    order = f"(extract(year from birth_on) <= {YEARLESS}, claim_no)" if name == "birth_on" else "claim_no"
    return (f"min_by({name}, {order})", name), (f"min_by(claim_no, {order})", f"{name}_no")


def _picks() -> dict[str, str]:
    """Field -> query of customer_no, field and claim_no where the field has a value."""
    picks = {
        name: f"select customer_no, '{name}' as field, {name}_no as claim_no from winners where {name}_no is not null" for name in _SINGLE
    }
    for name in _PLACE:
        picks[name] = (
            f"select winners.customer_no, '{name}', giving.claim_no from winners"
            f" join giving on giving.claim_no = coalesce(winners.place_no, winners.country_no) where giving.{name} is not null"
        )
    for name in ("registered_at", "registration_channel"):
        picks[name] = f"select customer_no, '{name}', registered_no from winners where registered_no is not null"
    return picks
