"""Keep values that say nothing about a person from becoming links: syntax, known placeholders, fan-out. Nothing is deleted.

A walk-in card shows from both sides: its number is seen with many people (`rejected`), or its record holds many phones or payers
(`crowded`). Receipts a day are no evidence here: a card with nothing but receipts links nobody, and is a matter of the marts.
"""

from __future__ import annotations

import duckdb

from pipelines.contracts.engine import create_from_frame
from pipelines.contracts.run import Run
from pipelines.identity.placeholders import read_placeholders

_RUNS = ("01234567", "12345678", "23456789", "98765432", "87654321", "76543210", *(digit * 8 for digit in "0123456789"))

_SHARED = """
create table shared as
select kind_id, value, count(*) as carrier_count
from contact_points
where state = 'real'
group by kind_id, value
having count(*) > 1
"""

# one row per kind, because a join on equality alone stays fast over 5 M values
_LISTED = """
create table listed as
select kinds.kind_id, placeholders.value, min(placeholders.reason) as reason
from placeholders
join kinds on placeholders.type in (kinds.type, '*')
group by kinds.kind_id, placeholders.value
"""

_KNOWN = f"""
create table known as
with mails as (
    select kind_id, value
    from contact_points
    where state = 'real' and kind_id in (select kind_id from kinds where type = 'email')
)

select kind_id, value, min(reason) as reason
from (
    select points.kind_id, points.value, listed.reason
    from contact_points as points
    join listed on listed.kind_id = points.kind_id and listed.value = lower(points.value)
    where points.state = 'real'
    union all
    select mails.kind_id, mails.value, listed.reason
    from mails
    join listed on listed.kind_id = mails.kind_id and listed.value = '@' || split_part(mails.value, '@', 2)
    union all
    select mails.kind_id, mails.value, listed.reason
    from mails
    join listed on listed.kind_id = mails.kind_id and listed.value = lower(split_part(mails.value, '@', 1)) || '@'
    union all
    select points.kind_id, points.value, 'the last eight digits are equal or in sequence'
    from contact_points as points
    join kinds on kinds.kind_id = points.kind_id and kinds.type = 'phone'
    where points.state = 'real' and right(points.value, 8) in {_RUNS}
    union all
    select points.kind_id, points.value, 'one character repeated'
    from contact_points as points
    join kinds on kinds.kind_id = points.kind_id and kinds.type not in ('phone', 'email')
    where points.state = 'real' and left(points.value, 1) = right(points.value, 1)
        and replace(points.value, left(points.value, 1), '') = ''
        and (length(points.value) >= 6 or left(points.value, 1) = '0')
) as found
group by kind_id, value
"""

# a value with no more carriers than the smaller limit can break it only through a carrier that holds several ids or names itself
_CANDIDATES = """
create table candidates as
select kind_id, value from shared where carrier_count > {smaller_limit}
union
select points.kind_id, points.value
from contact_points as points
join (
    select record_id from claimed_names group by record_id having count(*) > 1
    union
    select record_id
    from contact_points
    where kind_id in (select kind_id from kinds where not may_be_shared or type = 'email')
    group by record_id, kind_id
    having count(*) > 1
) as wide on wide.record_id = points.record_id
join shared on shared.kind_id = points.kind_id and shared.value = points.value
"""

_SUSPECTS = """
create table suspects as
select
    kind_id,
    value,
    'syntax' as guard,
    case state when 'lossy' then 'digits were lost before delivery' else 'not a valid value' end as reason
from contact_points
where state in ('invalid', 'lossy')
group by kind_id, value, state
union all
select kind_id, value, 'static_list', reason from known
union all
select kind_id, value, 'fan_out', null from candidates anti join known using (kind_id, value)
"""

_SUSPECT_CARRIERS = """
create table suspect_carriers as
select suspects.kind_id, suspects.value, points.record_id
from suspects
join contact_points as points on points.kind_id = suspects.kind_id and points.value = suspects.value
"""

# A record is an account when its key is an id that the channel gave to a person. An order or a device that stands for an unknown
# person is none (five of them behind one phone are one good customer), nor is a guest who is known by phone or e-mail alone.
_STRONG_IDS = """
create table strong_ids as
with native as (
    select distinct records.record_id, substr(records.source_record_key, length(records.channel) + 2) as id
    from suspect_carriers as carriers
    join records on records.record_id = carriers.record_id
),

guests as (
    select distinct native.record_id
    from native
    join contact_points as points on points.record_id = native.record_id
    join kinds on kinds.kind_id = points.kind_id
    where (kinds.type = 'email' and points.value = lower(native.id))
        or (kinds.type = 'phone' and ends_with(points.value, native.id) and length(native.id) >= 7)
),

counted as (
    select carriers.kind_id, carriers.value, 'accounts of ' || records.channel as of_what, count(*) as id_count
    from suspect_carriers as carriers
    join records on records.record_id = carriers.record_id
    anti join guests on guests.record_id = carriers.record_id
    where not records.is_impersonal
    group by carriers.kind_id, carriers.value, records.channel
    union all
    select carriers.kind_id, carriers.value, kinds.type || ' values of ' || kinds.scope, count(distinct points.value)
    from suspect_carriers as carriers
    join kinds as suspect_kinds on suspect_kinds.kind_id = carriers.kind_id
    join contact_points as points on points.record_id = carriers.record_id
    join kinds on kinds.kind_id = points.kind_id
    anti join known on known.kind_id = points.kind_id and known.value = points.value
    where points.state = 'real'
        and (not kinds.may_be_shared or (kinds.type = 'email' and suspect_kinds.type = 'phone'))
    group by carriers.kind_id, carriers.value, kinds.type, kinds.scope
)

select counted.kind_id, counted.value, counted.id_count as strong_id_count, min(counted.of_what) as of_what
from counted
join (select kind_id, value, max(id_count) as id_count from counted group by kind_id, value) as most
    on most.kind_id = counted.kind_id and most.value = counted.value and most.id_count = counted.id_count
group by counted.kind_id, counted.value, counted.id_count
"""

_NAMES = """
create table names as
select carriers.kind_id, carriers.value, count(distinct lower(replace(profile_claims.full_name, ' ', ''))) as name_count
from suspect_carriers as carriers
join profile_claims on profile_claims.record_id = carriers.record_id
where profile_claims.full_name is not null
group by carriers.kind_id, carriers.value
"""

_REJECTED = """
create table rejected as
select
    kind_id,
    value,
    guard,
    case
        when reason is not null then reason
        when strong_id_count > {k} then strong_id_count || ' ' || of_what || ', more than {k}'
        else name_count || ' names, more than {n}'
    end as reason,
    source_record_count,
    strong_id_count,
    name_count
from (
    select
        suspects.kind_id,
        suspects.value,
        suspects.guard,
        suspects.reason,
        carried.source_record_count,
        coalesce(strong_ids.strong_id_count, 0) as strong_id_count,
        strong_ids.of_what,
        coalesce(names.name_count, 0) as name_count
    from suspects
    join (select kind_id, value, count(*) as source_record_count from suspect_carriers group by kind_id, value) as carried
        on carried.kind_id = suspects.kind_id and carried.value = suspects.value
    left join strong_ids on strong_ids.kind_id = suspects.kind_id and strong_ids.value = suspects.value
    left join names on names.kind_id = suspects.kind_id and names.value = suspects.value
) as counted
where guard <> 'fan_out' or strong_id_count > {k} or name_count > {n}
"""

_CROWDED = """
create table crowded as
with usable as (
    select points.record_id, points.kind_id, points.value
    from contact_points as points
    join (
        select record_id, kind_id from contact_points where state = 'real' group by record_id, kind_id having count(*) > {limit}
    ) as suspected on suspected.record_id = points.record_id and suspected.kind_id = points.kind_id
    anti join rejected on rejected.kind_id = points.kind_id and rejected.value = points.value
    where points.state = 'real'
),

many as (
    select usable.record_id, usable.kind_id, kinds.type, count(*) as held
    from usable
    join kinds on kinds.kind_id = usable.kind_id
    group by usable.record_id, usable.kind_id, kinds.type
    having count(*) > {limit}
),

payers as (
    select many.record_id, many.kind_id, other_records.channel, count(distinct others.record_id) as held
    from many
    join usable as paid on paid.record_id = many.record_id and paid.kind_id = many.kind_id
    join contact_points as others
        on others.kind_id = paid.kind_id and others.value = paid.value and others.record_id <> paid.record_id
    join records as other_records on other_records.record_id = others.record_id
    where many.type = 'payment_order_no' and not other_records.is_impersonal
    group by many.record_id, many.kind_id, other_records.channel
    having count(distinct others.record_id) > {limit}
)

select record_id, kind_id, 'holds ' || held || ' values of ' || type || ', more than {limit}' as reason
from many
where type <> 'payment_order_no'
union all
select record_id, kind_id, 'is paid for by ' || max(held) || ' accounts of one channel, more than {limit}'
from payers
group by record_id, kind_id
"""

_JUDGED = """
create table judged as
select
    points.record_id,
    points.kind_id,
    points.value,
    points.state,
    points.state = 'real' and rejected.value is null and crowded.record_id is null as is_accepted,
    points.first_seen_at,
    points.last_seen_at,
    points.proof
from contact_points as points
left join rejected on rejected.kind_id = points.kind_id and rejected.value = points.value
left join crowded on crowded.record_id = points.record_id and crowded.kind_id = points.kind_id
"""


def judge(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Turn `contact_points` into `judged`, the same rows with `is_accepted`; create `shared`, `rejected` and `crowded`.

    `shared (kind_id, value, carrier_count)`: real values that two records or more carry.

    `rejected (kind_id, value, guard, reason, source_record_count, strong_id_count, name_count)`: the value is nobody's identity.
    `crowded (record_id, kind_id, reason)`: the record holds so many values of one kind that they cannot all be its person's.
    """
    limits = run.config.identity
    k, n = limits.max_strong_ids_per_value, limits.max_names_per_value
    create_from_frame(connection, "placeholders", read_placeholders(run))
    connection.execute(_LISTED)
    connection.execute(_KNOWN)
    connection.execute(_SHARED)
    connection.execute(_CANDIDATES.format(smaller_limit=min(k, n)))
    connection.execute(_SUSPECTS)
    connection.execute(_SUSPECT_CARRIERS)
    connection.execute(_STRONG_IDS)
    connection.execute(_NAMES)
    connection.execute(_REJECTED.format(k=k, n=n))
    connection.execute(_CROWDED.format(limit=limits.max_values_per_record))
    connection.execute(_JUDGED)
    for table in ("placeholders", "listed", "known", "candidates", "suspects", "suspect_carriers", "strong_ids", "names", "contact_points"):
        connection.execute(f"drop table {table}")
