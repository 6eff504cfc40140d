-- One row per period, dimension (all, channel, store, region, acquisition_channel) and value with a buyer: buyers.
--
-- A customer who bought in two channels is a buyer of each. Longer periods are counted from the shorter ones, which are fewer rows. A build
-- that continues the last counts touched customers only: as they are now, less as they were.
{{ config(materialized='table') }}
{%- set values_of = {
    'channel': 'channel',
    'store': "coalesce(store_key, 'unattributed')",
    'region': "coalesce(region, 'unattributed')",
} %}
{%- set grains = {'day': 'purchases', 'week': 'days', 'month': 'days', 'quarter': 'months'} %}
{%- set groups = ['period_grain', 'period_start', 'dimension', 'dimension_value'] %}
{%- set touched = asked('int_touched_customers') %}
{%- set former_orders, former_channels = asked('int_former_orders'), asked('int_former_channels') %}
{%- set sides = [(
    'counted',
    touched_rows(ref('int_customer_orders'), touched, 'customer_no'),
    touched_rows(ref('int_customer_channels'), touched, 'customer_no')
)] %}
{%- if is_continuing() %}
    {%- do sides.append(('former', former_orders, former_channels)) %}
{%- endif %}
with

{% for side, orders, channels in sides -%}
    {{ side }}_purchases as (
        select
            customer_no,
            channel,
            store_key,
            region,
            purchased_on as period_start
        from {{ orders }}
        where is_purchase
    ),

    {{ side }}_channels as (
        select * from {{ channels }}
    ),

    {% for grain, shorter in grains.items() -%}
        {{ side }}_{{ grain }}s as (
            select
                customer_no,
                channel,
                store_key,
                region,
                {{ start_of(grain, 'period_start') }} as period_start
            from {{ side }}_{{ shorter }}
            group by customer_no, channel, store_key, region, {{ start_of(grain, 'period_start') }}
        ),

        {{ side }}_customers_of_{{ grain }}s as (
            select
                customer_no,
                period_start
            from {{ side }}_{{ grain }}s
            group by customer_no, period_start
        ),

    {% endfor -%}
    {{ side }} as (
        {%- for grain in grains %}
            select
                '{{ grain }}' as period_grain,
                buyers.period_start,
                'acquisition_channel' as dimension,
                customer_channels.acquisition_channel as dimension_value,
                count(*) as buyer_count
            from {{ side }}_customers_of_{{ grain }}s as buyers
            inner join {{ side }}_channels as customer_channels on buyers.customer_no = customer_channels.customer_no
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
                    from {{ side }}_{{ grain }}s
                    group by customer_no, period_start, {{ column }}
                ) as buyers_of_value
                group by period_start, dimension_value
            {%- endfor %}
            {{- '

            union all
' if not loop.last }}
        {%- endfor %}
    ),

{% endfor -%}
{{ kept_counts('counted', 'former', groups, {'buyer_count': 'bigint'}, "dimension <> 'all'") }}

select
    period_grain,
    period_start,
    dimension,
    dimension_value,
    buyer_count
from kept_counts

union all

-- a customer has one acquisition channel: these rows add up to all buyers
select
    period_grain,
    period_start,
    'all' as dimension,
    'all' as dimension_value,
    cast(sum(buyer_count) as bigint) as buyer_count
from kept_counts
where dimension = 'acquisition_channel'
group by period_grain, period_start
