-- The daily table and the rows behind it are read by different people: they must not tell different stories.
{{ config(meta={'dagster': {'ref': {'name': 'channel_reconciliation_differences'}}}) }}

with

counted as (
    select
        channel,
        day_on,
        differing_count,
        pending_count,
        differing_amount + pending_amount as difference_amount
    from {{ ref('channel_reconciliation') }}
    where
        differing_count + pending_count > 0
        or item_count <> agreeing_count + unchecked_count + pending_count + differing_count
),

listed as (
    select
        channel,
        day_on,
        count(distinct case when outcome = 'differs' then item_type || ' ' || item_key end) as differing_count,
        count(distinct case when outcome = 'pending' then item_type || ' ' || item_key end) as pending_count,
        sum(coalesce(difference_amount, 0)) as difference_amount
    from {{ ref('channel_reconciliation_differences') }}
    group by channel, day_on
)

select
    counted.channel as counted_channel,
    counted.day_on as counted_on,
    listed.channel as listed_channel,
    listed.day_on as listed_on,
    counted.differing_count as counted_differing_count,
    listed.differing_count as listed_differing_count,
    counted.pending_count as counted_pending_count,
    listed.pending_count as listed_pending_count
from counted
full outer join listed on counted.channel = listed.channel and counted.day_on = listed.day_on
where
    counted.differing_count is distinct from listed.differing_count
    or counted.pending_count is distinct from listed.pending_count
    or counted.difference_amount is distinct from listed.difference_amount
