-- One row per period, dimension (all, channel, store, region, acquisition_channel) and value with a buyer: buyers.
--
-- A customer who bought in two channels is a buyer of each. Longer periods are counted from the shorter ones, which are fewer rows.
{{ config(materialized='table') }}
{%- set values_of = {
    'channel': 'channel',
    'store': "coalesce(store_key, 'unattributed')",
    'region': "coalesce(region, 'unattributed')",
} %}
{%- set grains = {'day': 'purchases', 'week': 'days', 'month': 'days', 'quarter': 'months'} %}
with

purchases as (
    select
        customer_no,
        channel,
        store_key,
        region,
        purchased_on as period_start
    from {{ ref('int_customer_orders') }}
    where is_purchase
),

customer_channels as (
    select * from {{ ref('int_customer_channels') }}
),

{% for grain, shorter in grains.items() -%}
    {{ grain }}s as (
        select
            customer_no,
            channel,
            store_key,
            region,
            {{ start_of(grain, 'period_start') }} as period_start
        from {{ shorter }}
        group by customer_no, channel, store_key, region, {{ start_of(grain, 'period_start') }}
    ),

    customers_of_{{ grain }}s as (
        select
            customer_no,
            period_start
        from {{ grain }}s
        group by customer_no, period_start
    ),

{% endfor -%}
counted as (
    {%- for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            buyers.period_start,
            'acquisition_channel' as dimension,
            customer_channels.acquisition_channel as dimension_value,
            count(*) as buyer_count
        from customers_of_{{ grain }}s as buyers
        inner join customer_channels on buyers.customer_no = customer_channels.customer_no
        group by buyers.period_start, customer_channels.acquisition_channel

        {%- for dimension, column in values_of.items() %}

            union all

            select
                '{{ grain }}' as period_grain,
                period_start,
                '{{ dimension }}' as dimension,
                dimension_value,
                count(*) as buyer_count
            from (
                select
                    period_start,
                    {{ column }} as dimension_value
                from {{ grain }}s
                group by customer_no, period_start, {{ column }}
            ) as buyers_of_value
            group by period_start, dimension_value
        {%- endfor %}
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
)

select
    period_grain,
    period_start,
    dimension,
    dimension_value,
    buyer_count
from counted

union all

-- a customer has one acquisition channel: these rows add up to all buyers
select
    period_grain,
    period_start,
    'all' as dimension,
    'all' as dimension_value,
    cast(sum(buyer_count) as bigint) as buyer_count
from counted
where dimension = 'acquisition_channel'
group by period_grain, period_start
