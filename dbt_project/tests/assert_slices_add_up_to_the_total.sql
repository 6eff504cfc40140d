-- A channel, store, tier or acquisition channel that is missing from the slices, or counted twice, would show only in the sum.
with

summed as (
    select
        metric,
        period_grain,
        period_start,
        dimension,
        sum(numerator) as numerator,
        sum(denominator) as denominator
    from {{ ref('kpi') }}
    where
        metric in (
            'net_sales', 'purchases', 'buyers', 'aov', 'arppu', 'arpu', 'refund_rate_by_count', 'refund_rate_by_amount', 'cac',
            'dau', 'wau', 'mau', 'new_customers', 'new_buyers', 'active_retention_d1', 'active_retention_d7', 'active_retention_d30',
            'repurchase_rate', 'repeat_buyer_share', 'churn_rate_literal', 'churn_rate_active_base', 'repeat_customer_retention',
            'registration_first_order_30d', 'registration_second_order_30d', 'new_buyer_repurchase_30d'
        )
        -- whoever bought in two channels is a buyer of each
        and not (metric in ('buyers', 'arppu') and dimension in ('channel', 'store', 'region'))
    group by metric, period_grain, period_start, dimension
)

select
    slices.metric,
    slices.period_grain,
    slices.period_start,
    slices.dimension,
    slices.numerator,
    totals.numerator as total_numerator,
    slices.denominator,
    totals.denominator as total_denominator
from summed as slices
left join summed as totals
    on
        slices.metric = totals.metric
        and slices.period_grain = totals.period_grain
        and slices.period_start = totals.period_start
        and totals.dimension = 'all'
where slices.numerator is distinct from totals.numerator or slices.denominator is distinct from totals.denominator
