-- One row per complete month and RFM tier (preset monthly) at its end: purchases and net amount. Orders of nobody are `unattributed`.
with

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

month_ends as (
    select * from {{ ref('int_rfm_month_ends') }}
),

sales as (
    select * from {{ ref('int_daily_sales') }}
),

presets as (
    select * from {{ ref('int_rfm_presets') }}
    where preset = 'monthly'
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

periods as (
    select
        periods.period_start,
        periods.as_of
    from {{ ref('int_periods') }} as periods
    where
        periods.period_grain = 'month'
        and periods.period_start in (select distinct month_ends.month_start from month_ends)
),

totaled as (
    select
        customer_months.purchase_month,
        customer_months.order_count,
        customer_months.net_amount,
        {{ recency_score(days_between('month_ends.last_purchased_on', 'month_ends.month_end_on')) }}
        + {{ volume_score('month_ends.frequency_monthly', 'frequency') }}
        + {{ volume_score('month_ends.monetary_amount_monthly', 'monetary') }} as rfm_total,
        run_context.rfm_high_value_from_total,
        run_context.rfm_potential_from_total
    from customer_months
    inner join month_ends
        on customer_months.customer_no = month_ends.customer_no and customer_months.purchase_month = month_ends.month_start
    cross join presets
    cross join run_context
),

sliced as (
    select
        purchase_month as period_start,
        {{ rfm_tier('rfm_total') }} as rfm_tier,
        order_count,
        net_amount
    from totaled

    union all

    select
        {{ start_of('month', 'purchased_on') }} as period_start,
        'unattributed' as rfm_tier,
        order_count,
        net_amount
    from sales
    where not is_attributed
),

tiers as (
    select 'high_value' as rfm_tier
    union all
    select 'potential' as rfm_tier
    union all
    select 'lapsed' as rfm_tier
    union all
    select 'unattributed' as rfm_tier
),

summed as (
    select
        periods.period_start,
        periods.as_of,
        tiers.rfm_tier,
        coalesce(sum(sliced.order_count), 0) as order_count,
        coalesce(sum(sliced.net_amount), 0) as net_amount
    from periods
    cross join tiers
    left join sliced on periods.period_start = sliced.period_start and tiers.rfm_tier = sliced.rfm_tier
    group by periods.period_start, periods.as_of, tiers.rfm_tier
)

select
    'month' as period_grain,
    period_start,
    'rfm_tier' as dimension,
    rfm_tier as dimension_value,
    order_count,
    net_amount,
    false as is_provisional,
    as_of
from summed
