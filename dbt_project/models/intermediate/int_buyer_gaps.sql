-- One row per period grain (month, quarter), period, acquisition channel and pattern of buying around it: how many customers bought in
-- the period, whether twice, how many periods after their previous and before their next period with a purchase.
--
-- Whether a customer who bought in period p counts in a later period q depends on p, q and the gap to the next purchase only, so every
-- retention and churn metric is a sum over these few thousand rows instead of a join of customers with periods.
{{ config(materialized='table') }}

with

months as (
    select * from {{ ref('int_customer_months') }}
),

customer_channels as (
    select * from {{ ref('int_customer_channels') }}
),

quarter_totals as (
    select
        customer_no,
        {{ start_of('quarter', 'purchase_month') }} as period_start,
        sum(order_count) as order_count
    from months
    group by customer_no, {{ start_of('quarter', 'purchase_month') }}
),

quarters as (
    select
        customer_no,
        period_start,
        order_count,
        lag(period_start) over (partition by customer_no order by period_start asc nulls last) as previous_period_start,
        lead(period_start) over (partition by customer_no order by period_start asc nulls last) as next_period_start
    from quarter_totals
),

periods as (
    select
        customer_no,
        'month' as period_grain,
        purchase_month as period_start,
        order_count >= 2 as has_bought_twice,
        {{ months_between('previous_purchase_month', 'purchase_month') }} as periods_since_previous,
        {{ months_between('purchase_month', 'next_purchase_month') }} as periods_to_next
    from months

    union all

    select
        customer_no,
        'quarter' as period_grain,
        period_start,
        order_count >= 2 as has_bought_twice,
        {{ months_between('previous_period_start', 'period_start') }} / 3 as periods_since_previous,
        {{ months_between('period_start', 'next_period_start') }} / 3 as periods_to_next
    from quarters
)

select
    periods.period_grain,
    periods.period_start,
    customer_channels.acquisition_channel,
    periods.has_bought_twice,
    cast(periods.periods_since_previous as integer) as periods_since_previous,
    cast(periods.periods_to_next as integer) as periods_to_next,
    count(*) as customer_count
from periods
inner join customer_channels on periods.customer_no = customer_channels.customer_no
group by
    periods.period_grain,
    periods.period_start,
    customer_channels.acquisition_channel,
    periods.has_bought_twice,
    periods.periods_since_previous,
    periods.periods_to_next
