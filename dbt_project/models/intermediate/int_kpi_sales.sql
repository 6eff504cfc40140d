-- One row per metric on sales (net_sales, purchases, buyers, aov, arppu, refund_rate_by_count, refund_rate_by_amount), period, dimension
-- and value.
{%- set metrics = {
    'net_sales': ('net_amount', none, 'money'),
    'purchases': ('order_count', none, 'purchases'),
    'buyers': ('buyer_count', none, 'customers'),
    'aov': ('net_amount', 'order_count', 'money'),
    'arppu': ('net_amount', 'buyer_count', 'money'),
    'refund_rate_by_count': ('refunded_order_count', 'paid_order_count', 'rate'),
    'refund_rate_by_amount': ('refunded_amount', 'paid_amount', 'rate'),
} %}
with

sales as (
    select * from {{ ref('int_period_sales') }}
),

-- the tiers of people, without the orders that were given back whole: no tier is theirs
tier_sales as (
    select * from {{ ref('int_tier_sales') }}
),

measured as (
    {%- for metric, (numerator, denominator, unit) in metrics.items() %}
        {%- for relation in ['sales', 'tier_sales'] if relation == 'sales' or not metric.startswith('refund') %}
            select
                '{{ metric }}' as metric,
                period_grain,
                period_start,
                dimension,
                dimension_value,
                {{ numerator }} as numerator,
                {{ denominator or 'cast(null as decimal(18, 2))' }} as denominator,
                '{{ unit }}' as unit,
                is_provisional,
                as_of
            from {{ relation }}
            {{- '

            union all
' if not loop.last }}
        {%- endfor %}
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
)

select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    numerator,
    denominator,
    unit,
    is_provisional,
    as_of
from measured
