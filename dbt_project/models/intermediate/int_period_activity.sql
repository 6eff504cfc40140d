-- One row per period, dimension (all, acquisition_channel) and value: active customers. Anonymous visitors are the dimension `visitor`.
--
-- Longer periods are counted from the shorter ones, which are fewer rows.
{{ config(materialized='table') }}
{%- set grains = {'day': 'first', 'week': 'day', 'month': 'day', 'quarter': 'month'} %}
with

first_customers as (
    select
        customer_no,
        active_on as period_start
    from {{ ref('int_activity_days') }}
),

first_visitors as (
    select
        visitor_key,
        occurred_on as period_start
    from {{ ref('fct_events') }}
    where visitor_key is not null
),

customer_channels as (
    select * from {{ ref('int_customer_channels') }}
),

{% for grain, shorter in grains.items() -%}
    {{ grain }}_customers as (
        select
            customer_no,
            {{ start_of(grain, 'period_start') }} as period_start
        from {{ shorter }}_customers
        group by customer_no, {{ start_of(grain, 'period_start') }}
    ),

    {{ grain }}_visitors as (
        select
            visitor_key,
            {{ start_of(grain, 'period_start') }} as period_start
        from {{ shorter }}_visitors
        group by visitor_key, {{ start_of(grain, 'period_start') }}
    ),

{% endfor -%}
counted as (
    {%- for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            active.period_start,
            'acquisition_channel' as dimension,
            coalesce(customer_channels.acquisition_channel, 'unattributed') as dimension_value,
            count(*) as active_count
        from {{ grain }}_customers as active
        left join customer_channels on active.customer_no = customer_channels.customer_no
        group by active.period_start, coalesce(customer_channels.acquisition_channel, 'unattributed')

        union all

        select
            '{{ grain }}' as period_grain,
            period_start,
            'visitor' as dimension,
            'all' as dimension_value,
            count(*) as active_count
        from {{ grain }}_visitors
        group by period_start
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
    active_count
from counted

union all

-- a customer has one acquisition channel: these rows add up to all customers
select
    period_grain,
    period_start,
    'all' as dimension,
    'all' as dimension_value,
    cast(sum(active_count) as bigint) as active_count
from counted
where dimension = 'acquisition_channel'
group by period_grain, period_start
