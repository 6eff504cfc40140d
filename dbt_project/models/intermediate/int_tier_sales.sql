-- One row per month whose end is scored and RFM tier (preset monthly) at its end: purchases, money and buyers. Orders of nobody are
-- `unattributed`.
with

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

customer_tiers as (
    select * from {{ ref('int_customer_tiers') }}
),

sales as (
    select * from {{ ref('int_daily_sales') }}
    where acquisition_channel is null
),

periods as (
    select
        periods.period_start,
        periods.as_of
    from {{ ref('int_periods') }} as periods
    inner join {{ ref('int_history_months') }} as months
        on periods.period_start = months.month_start
    where periods.period_grain = 'month'
),

sliced as (
    select
        customer_months.purchase_month as period_start,
        customer_tiers.rfm_tier,
        customer_months.order_count,
        customer_months.net_amount,
        1 as buyer_count
    from customer_months
    inner join customer_tiers
        on customer_months.customer_no = customer_tiers.customer_no and customer_months.purchase_month = customer_tiers.month_start

    union all

    -- whoever bought has an acquisition channel
    select
        {{ start_of('month', 'booked_on') }} as period_start,
        'unattributed' as rfm_tier,
        order_count,
        net_amount,
        0 as buyer_count
    from sales
),

-- whoever bought is not `no_purchase`
tiers as (
    select dimension_value as rfm_tier from {{ ref('int_slices') }}
    where dimension = 'rfm_tier' and dimension_value <> 'no_purchase'

    union all

    select 'unattributed' as rfm_tier
)

select
    'month' as period_grain,
    periods.period_start,
    'rfm_tier' as dimension,
    tiers.rfm_tier as dimension_value,
    coalesce(sum(sliced.order_count), 0) as order_count,
    coalesce(sum(sliced.net_amount), 0) as net_amount,
    coalesce(sum(sliced.buyer_count), 0) as buyer_count,
    false as is_provisional,
    periods.as_of
from periods
cross join tiers
left join sliced on periods.period_start = sliced.period_start and tiers.rfm_tier = sliced.rfm_tier
group by periods.period_start, periods.as_of, tiers.rfm_tier
