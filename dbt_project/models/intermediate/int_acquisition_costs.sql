-- One row per business day and channel: what was spent on winning customers, in the reporting currency.
--
-- A line that covers several days is spread evenly over them, cent by cent, so that the days add up to the line. What a channel that writes
-- to people whom it knows (sms, e-mail) costs wins nobody.
with

costs as (
    select * from {{ ref('fct_costs') }}
),

writing_channels as (
    select distinct channel from {{ ref('fct_sends') }}
),

days as (
    select * from {{ ref('int_days') }}
),

spans as (
    select
        costs.channel,
        costs.spent_from_on,
        greatest(costs.spent_from_on, costs.spent_to_on) as spent_to_on,
        {{ days_between('costs.spent_from_on', 'greatest(costs.spent_from_on, costs.spent_to_on)') }} + 1 as day_count,
        costs.cost_amount
    from costs
    left join writing_channels on costs.channel = writing_channels.channel
    where writing_channels.channel is null
),

placed as (
    select
        days.day_on,
        spans.channel,
        spans.day_count,
        cast(spans.cost_amount * 100 as bigint) * ({{ days_between('spans.spent_from_on', 'days.day_on') }} + 1) as cents_by_now,
        cast(spans.cost_amount * 100 as bigint) * {{ days_between('spans.spent_from_on', 'days.day_on') }} as cents_before
    from spans
    inner join days on spans.spent_from_on <= days.day_on and spans.spent_to_on >= days.day_on
),

-- whole cents up to each day, less those up to the day before
shares as (
    select
        day_on,
        channel,
        (cents_by_now - cents_by_now % day_count) / day_count - (cents_before - cents_before % day_count) / day_count as cents
    from placed
)

select
    day_on,
    channel,
    cast(sum(cents) / 100 as decimal(18, 2)) as cost_amount
from shares
group by day_on, channel
