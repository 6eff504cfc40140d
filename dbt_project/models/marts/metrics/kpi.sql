-- One row per metric, period grain, period, dimension and dimension value.
--
-- A family of metrics is a model that ends in these columns; its unit is `money` where amounts are meant. Without a denominator the
-- numerator is the value; with one the value is a ratio, null where the denominator is 0.
{%- set families = [
    'int_kpi_buyers',
    'int_kpi_newcomers',
    'int_kpi_marketing',
    'int_kpi_service',
    'int_kpi_loyalty',
] %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

sales as (
    select * from {{ ref('int_kpi_sales') }}

    union all

    select
        period_grain,
        period_start,
        dimension,
        dimension_value,
        order_count,
        net_amount,
        is_provisional,
        as_of
    from {{ ref('int_kpi_tiers') }}
),

measured as (
    select
        'net_sales' as metric,
        sales.period_grain,
        sales.period_start,
        sales.dimension,
        sales.dimension_value,
        sales.net_amount as numerator,
        cast(null as decimal(18, 2)) as denominator,
        run_context.reporting_currency as unit,
        sales.is_provisional,
        sales.as_of
    from sales
    cross join run_context

    union all

    select
        'aov' as metric,
        sales.period_grain,
        sales.period_start,
        sales.dimension,
        sales.dimension_value,
        sales.net_amount as numerator,
        sales.order_count as denominator,
        run_context.reporting_currency as unit,
        sales.is_provisional,
        sales.as_of
    from sales
    cross join run_context

    {%- for family in families %}

        union all

        select
            {{ family }}.metric,
            {{ family }}.period_grain,
            {{ family }}.period_start,
            {{ family }}.dimension,
            {{ family }}.dimension_value,
            {{ family }}.numerator,
            {{ family }}.denominator,
            case {{ family }}.unit when 'money' then run_context.reporting_currency else {{ family }}.unit end as unit,
            {{ family }}.is_provisional,
            {{ family }}.as_of
        from {{ ref(family) }} as {{ family }}
        cross join run_context
    {%- endfor %}
)

select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    cast(numerator as decimal(18, 2)) as numerator,
    cast(denominator as decimal(18, 2)) as denominator,
    cast(case when denominator is null then numerator else numerator / nullif(denominator, 0) end as decimal(18, 6)) as value,
    unit,
    is_provisional,
    as_of
from measured
