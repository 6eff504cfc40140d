-- One row per period, dimension (all, acquisition_channel) and value: active customers. Anonymous visitors are the dimension `visitor`.
--
-- Longer periods are counted from the shorter ones, which are fewer rows. A build that continues the last counts touched customers and
-- visitors only: as they are now, less as they were.
{{ config(materialized='table') }}
{%- set grains = {'day': 'first', 'week': 'day', 'month': 'day', 'quarter': 'month'} %}
{%- set groups = ['period_grain', 'period_start', 'dimension', 'dimension_value'] %}
{%- set touched = asked('int_touched_customers') %}
{%- set former_days, former_channels = asked('int_former_days'), asked('int_former_channels') %}
{%- set former_visits = asked('int_former_visits') %}
{%- set sides = [(
    'counted',
    touched_rows(ref('int_activity_days'), touched, 'customer_no'),
    touched_rows(ref('int_customer_channels'), touched, 'customer_no'),
    touched_rows(ref('fct_events'), former_visits, 'visitor_key')
)] %}
{%- if is_continuing() %}
    {%- do sides.append(('former', former_days, former_channels, former_visits)) %}
{%- endif %}
with

{% for side, days, channels, visits in sides -%}
    {{ side }}_first_customers as (
        select
            customer_no,
            active_on as period_start
        from {{ days }}
    ),

    {{ side }}_first_visitors as (
        select
            visitor_key,
            occurred_on as period_start
        from {{ visits }}
        where visitor_key is not null and occurred_on is not null
    ),

    {{ side }}_channels as (
        select * from {{ channels }}
    ),

    {% for grain, shorter in grains.items() -%}
        {{ side }}_{{ grain }}_customers as (
            select
                customer_no,
                {{ start_of(grain, 'period_start') }} as period_start
            from {{ side }}_{{ shorter }}_customers
            group by customer_no, {{ start_of(grain, 'period_start') }}
        ),

        {{ side }}_{{ grain }}_visitors as (
            select
                visitor_key,
                {{ start_of(grain, 'period_start') }} as period_start
            from {{ side }}_{{ shorter }}_visitors
            group by visitor_key, {{ start_of(grain, 'period_start') }}
        ),

    {% endfor -%}
    {{ side }} as (
        {%- for grain in grains %}
            select
                '{{ grain }}' as period_grain,
                active.period_start,
                'acquisition_channel' as dimension,
                coalesce(customer_channels.acquisition_channel, 'unattributed') as dimension_value,
                count(*) as active_count
            from {{ side }}_{{ grain }}_customers as active
            left join {{ side }}_channels as customer_channels on active.customer_no = customer_channels.customer_no
            group by active.period_start, coalesce(customer_channels.acquisition_channel, 'unattributed')

            union all

            select
                '{{ grain }}' as period_grain,
                period_start,
                'visitor' as dimension,
                'all' as dimension_value,
                count(*) as active_count
            from {{ side }}_{{ grain }}_visitors
            group by period_start
            {{- '

            union all
' if not loop.last }}
        {%- endfor %}
    ),

{% endfor -%}
{{ kept_counts('counted', 'former', groups, {'active_count': 'bigint'}, "dimension <> 'all'") }}

select
    period_grain,
    period_start,
    dimension,
    dimension_value,
    active_count
from kept_counts

union all

-- a customer has one acquisition channel: these rows add up to all customers
select
    period_grain,
    period_start,
    'all' as dimension,
    'all' as dimension_value,
    cast(sum(active_count) as bigint) as active_count
from kept_counts
where dimension = 'acquisition_channel'
group by period_grain, period_start
