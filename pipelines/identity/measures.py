"""Measure a day's identity: sizes of customers, names per phone, what was refused, how many ids moved, and how many may."""

from __future__ import annotations

import duckdb

from pipelines.contracts.engine import stored_rows, write_query
from pipelines.contracts.identity_tables import IDENTITY_QUALITY
from pipelines.contracts.run import Run

_BAND = """
case
    when {count} <= 3 then cast({count} as varchar)
    when {count} <= 5 then '4 to 5'
    when {count} <= 10 then '6 to 10'
    when {count} <= 20 then '11 to 20'
    when {count} <= 50 then '21 to 50'
    else 'over 50'
end"""

# a customer of yesterday whose id moved: some of its records are another customer's today
_MEASURES = f"""
create table measures as
with sizes as (select count(*) as n from clusters group by cluster_id),

phones as (
    select distinct judged.value, clusters.cluster_id
    from judged
    join kinds on kinds.kind_id = judged.kind_id and kinds.type = 'phone'
    join clusters on clusters.record_id = judged.record_id
    where judged.is_accepted
),

named_phones as (
    select count(distinct own_names.name_id) as n
    from judged
    join kinds on kinds.kind_id = judged.kind_id and kinds.type = 'phone'
    join own_names on own_names.record_id = judged.record_id
    where judged.is_accepted
    group by judged.value
),

moved as (
    select count(distinct other_customer_id) as n from changes where change in ('merged', 'split')
),

before as (
    select count(distinct customer_id) as n from previous
)

select 'source_records' as measure, 'all' as item, count(*) as measured, cast(null as bigint) as allowed from records
union all
select 'customers', 'all', count(*), null from sizes
union all
select 'customers_by_source_records', {_BAND.format(count="n")}, count(*), null from sizes group by all
union all
select 'customers_by_phones', {_BAND.format(count="n")}, count(*), null
from (select count(*) as n from phones group by cluster_id) as counted
group by all
union all
select 'phones_by_names', {_BAND.format(count="n")}, count(*), null from named_phones group by all
union all
select 'links', kinds.type, count(*), null
from links
join link_values on link_values.value_id = links.value_id
join kinds on kinds.kind_id = link_values.kind_id
where links.left_id <> links.right_id
group by kinds.type
union all
select 'refused_links', kinds.type, count(*), null
from (
    select link_values.kind_id from refused join link_values on link_values.value_id = refused.value_id
    union all
    select kind_id from unlinked
) as found
join kinds on kinds.kind_id = found.kind_id
group by kinds.type
union all
select 'rejected_values', guard, count(*), null from rejected group by guard
union all
select 'held_back_links', 'all', count(*), null from reviews
union all
select 'recycled_values', 'all', count(distinct (kind_id, value)), null from ownerships
union all
select 'households', 'all', count(distinct household_id), null from households
union all
select 'decisions', 'must_link', count(*), null from must_links
union all
select 'decisions', 'cannot_link', count(*), null from cannot_links
union all
select 'changes', change, count(*), null from changes group by change
union all
select 'changed_customers', 'all', moved.n, {{allowed}}
from moved
cross join before
"""

_QUALITY = """
select as_of, measure, item, measured, allowed from {quality} where as_of <> {day}
union all
select {day}, measure, item, measured, allowed from measures
order by as_of, measure, item
"""


def measure(connection: duckdb.DuckDBPyConnection, run: Run, *, is_past: bool) -> bool:
    """Write `identity_quality`, with the rows of this day anew; say whether no more customers changed than the budget allows.

    A run of a day that is past moves nothing, so nothing limits it.
    """
    limits = run.config.identity
    budget = f"greatest({limits.changes_always_allowed}, cast(floor({limits.max_changed_share} * before.n) as bigint))"
    connection.execute(_MEASURES.format(allowed="null" if is_past else budget))
    quality = _QUALITY.format(quality=stored_rows(run, IDENTITY_QUALITY), day=f"date '{run.as_of.isoformat()}'")
    write_query(connection, quality, IDENTITY_QUALITY, run.home.table(IDENTITY_QUALITY.name) / "part-0.parquet")
    [(is_within,)] = connection.execute("select count(*) = 0 from measures where measured > allowed").fetchall()
    return bool(is_within)
