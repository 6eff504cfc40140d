-- One row per period, dimension (all, channel) and value: purchases and net amount; periods without a purchase have their row.
with

sales as (
    select * from {{ ref('int_daily_sales') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

sliced as (
    select
        'all' as dimension,
        'all' as dimension_value,
        purchased_on,
        order_count,
        net_amount
    from sales

    union all

    select
        'channel' as dimension,
        channel as dimension_value,
        purchased_on,
        order_count,
        net_amount
    from sales
),

slices as (
    select distinct
        dimension,
        dimension_value
    from sliced
)

select
    periods.period_grain,
    periods.period_start,
    slices.dimension,
    slices.dimension_value,
    coalesce(sum(sliced.order_count), 0) as order_count,
    coalesce(sum(sliced.net_amount), 0) as net_amount,
    periods.is_open as is_provisional,
    periods.as_of
from periods
cross join slices
left join sliced
    on
        slices.dimension = sliced.dimension
        and slices.dimension_value = sliced.dimension_value
        and sliced.purchased_on between periods.period_start and periods.period_end_on
group by
    periods.period_grain,
    periods.period_start,
    slices.dimension,
    slices.dimension_value,
    periods.is_open,
    periods.as_of
