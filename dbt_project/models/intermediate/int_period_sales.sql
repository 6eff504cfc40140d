-- One row per period, dimension (all, channel, store, region, acquisition_channel) and value: orders paid and refunded, purchases,
-- money, buyers. Periods without an order have their row.
{%- set sums = ['paid_order_count', 'refunded_order_count', 'paid_amount', 'refunded_amount', 'order_count', 'net_amount'] %}
{%- set values_of = {
    'all': "'all'",
    'channel': 'channel',
    'store': "coalesce(store_key, 'unattributed')",
    'region': "coalesce(region, 'unattributed')",
    'acquisition_channel': "coalesce(acquisition_channel, 'unattributed')",
} %}
with

sales as (
    select * from {{ ref('int_daily_sales') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

buyers as (
    select * from {{ ref('int_period_buyers') }}
),

slices as (
    select * from {{ ref('int_slices') }}
    where dimension <> 'rfm_tier'
),

sliced as (
    {%- for dimension, value in values_of.items() %}
        select
            '{{ dimension }}' as dimension,
            {{ value }} as dimension_value,
            booked_on,
            {{ sums | join(', ') }}
        from sales
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
),

-- days, weeks, months and quarters by equality: a join of each day with the periods that it lies between would compare all with all
summed as (
    {%- for grain in ['day', 'week', 'month', 'quarter'] %}
        select
            '{{ grain }}' as period_grain,
            {{ start_of(grain, 'booked_on') }} as period_start,
            dimension,
            {% for column in sums %}
                sum({{ column }}) as {{ column }},
            {% endfor %}
            dimension_value
        from sliced
        group by {{ start_of(grain, 'booked_on') }}, dimension, dimension_value
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
)

select
    periods.period_grain,
    periods.period_start,
    slices.dimension,
    slices.dimension_value,
    {% for column in sums %}
        coalesce(summed.{{ column }}, 0) as {{ column }},
    {% endfor %}
    coalesce(buyers.buyer_count, 0) as buyer_count,
    periods.is_open as is_provisional,
    periods.as_of
from periods
cross join slices
left join summed
    on
        periods.period_grain = summed.period_grain
        and periods.period_start = summed.period_start
        and slices.dimension = summed.dimension
        and slices.dimension_value = summed.dimension_value
left join buyers
    on
        periods.period_grain = buyers.period_grain
        and periods.period_start = buyers.period_start
        and slices.dimension = buyers.dimension
        and slices.dimension_value = buyers.dimension_value
