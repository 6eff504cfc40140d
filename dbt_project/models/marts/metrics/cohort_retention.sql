-- One row per first-purchase month and month since, up to the month of the run.
with

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain = 'month'
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

cohorts as (
    select
        first_purchase_month,
        count(*) as customer_count
    from customer_months
    where purchase_month = first_purchase_month
    group by first_purchase_month
),

active as (
    select
        first_purchase_month,
        purchase_month,
        count(*) as active_customer_count,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount
    from customer_months
    group by first_purchase_month, purchase_month
),

-- months in which nobody of a cohort bought are rows too, or its curve would skip them
grid as (
    select
        cohorts.first_purchase_month,
        cohorts.customer_count,
        periods.period_start as activity_month,
        periods.is_open,
        {{ months_between('cohorts.first_purchase_month', 'periods.period_start') }} as months_since,
        coalesce(active.active_customer_count, 0) as active_customer_count,
        coalesce(active.order_count, 0) as order_count,
        coalesce(active.net_amount, 0) as net_amount
    from cohorts
    inner join periods on cohorts.first_purchase_month <= periods.period_start
    left join active
        on cohorts.first_purchase_month = active.first_purchase_month and periods.period_start = active.purchase_month
),

accumulated as (
    select
        grid.*,
        sum(net_amount) over (
            partition by first_purchase_month
            order by activity_month asc nulls last
            rows between unbounded preceding and current row
        ) as cumulative_net_amount
    from grid
)

select
    accumulated.first_purchase_month,
    accumulated.months_since,
    accumulated.activity_month,
    accumulated.customer_count,
    accumulated.active_customer_count,
    cast(accumulated.active_customer_count as double) / accumulated.customer_count as retention_rate,
    cast(accumulated.order_count as bigint) as order_count,
    cast(accumulated.net_amount as decimal(18, 2)) as net_amount,
    cast(accumulated.cumulative_net_amount as decimal(18, 2)) as cumulative_net_amount,
    cast(accumulated.cumulative_net_amount / accumulated.customer_count as decimal(18, 2)) as cumulative_net_amount_per_customer,
    run_context.reporting_currency as currency_code,
    accumulated.is_open as is_provisional,
    run_context.as_of
from accumulated
cross join run_context
