-- One row per campaign of a channel: sales of the whole shop on its days and on as many days before and after; null where these days
-- are not all over, or begin before the first purchase.
with

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

days as (
    select * from {{ ref('int_days') }}
),

daily as (
    select
        booked_on,
        sum(net_amount) as net_amount
    from {{ ref('int_daily_sales') }}
    group by booked_on
),

to_date as (
    select
        days.day_on,
        sum(coalesce(daily.net_amount, 0)) over (
            order by days.day_on asc nulls last
            rows between unbounded preceding and current row
        ) as net_amount
    from days
    left join daily on days.day_on = daily.booked_on

    union all

    -- the day before the first: nothing was sold up to then
    select
        {{ add_days('min(day_on)', -1) }} as day_on,
        0 as net_amount
    from days
),

windows as (
    select
        campaign_key,
        channel,
        {{ days_between('starts_on', 'ends_on') }} + 1 as campaign_days,
        ends_on,
        {{ add_days('starts_on', -1) }} as before_to_on,
        {{ add_days('starts_on', '-2 - ' ~ days_between('starts_on', 'ends_on')) }} as before_from_on,
        {{ add_days('ends_on', '1 + ' ~ days_between('starts_on', 'ends_on')) }} as after_to_on
    from campaigns
    where starts_on <= ends_on
)

select
    windows.campaign_key,
    windows.channel,
    windows.campaign_days,
    cast(before_to.net_amount - before_from.net_amount as decimal(18, 2)) as before_amount,
    cast(during_to.net_amount - before_to.net_amount as decimal(18, 2)) as during_amount,
    cast(after_to.net_amount - during_to.net_amount as decimal(18, 2)) as after_amount
from windows
left join to_date as before_from on windows.before_from_on = before_from.day_on
left join to_date as before_to on windows.before_to_on = before_to.day_on
left join to_date as during_to on windows.ends_on = during_to.day_on
left join to_date as after_to on windows.after_to_on = after_to.day_on
