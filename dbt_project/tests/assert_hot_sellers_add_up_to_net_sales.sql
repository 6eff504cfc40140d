-- A cent lost while orders are shared out to their products, or an order without lines: hot sellers would tell of other sales than the KPI.
{{ config(meta={'dagster': {'ref': {'name': 'hot_sellers'}}}) }}

with

hot_sellers as (
    select
        period_grain,
        period_start,
        sum(net_amount) as net_amount
    from {{ ref('hot_sellers') }}
    group by period_grain, period_start
),

periods as (
    select * from {{ ref('int_periods') }}
),

sales as (
    select
        booked_on,
        sum(net_amount) as net_amount
    from {{ ref('int_daily_sales') }}
    group by booked_on
),

bounds as (
    select
        period_grain,
        min(period_start) as first_period_start
    from hot_sellers
    group by period_grain
),

net_sales as (
    select
        periods.period_grain,
        periods.period_start,
        sum(sales.net_amount) as net_amount
    from periods
    inner join bounds on periods.period_grain = bounds.period_grain and periods.period_start >= bounds.first_period_start
    inner join sales on periods.period_start <= sales.booked_on and periods.period_end_on >= sales.booked_on
    group by periods.period_grain, periods.period_start
)

select
    net_sales.period_grain,
    net_sales.period_start,
    net_sales.net_amount,
    hot_sellers.net_amount as hot_seller_amount
from net_sales
left join hot_sellers on net_sales.period_grain = hot_sellers.period_grain and net_sales.period_start = hot_sellers.period_start
where net_sales.net_amount <> coalesce(hot_sellers.net_amount, 0)
