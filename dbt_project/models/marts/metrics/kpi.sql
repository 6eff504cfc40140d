-- One row per metric, period grain, period, dimension and dimension value.
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

shares as (
    select * from {{ ref('int_kpi_buyers') }}

    union all

    select * from {{ ref('int_kpi_newcomers') }}
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

    union all

    select
        shares.metric,
        shares.period_grain,
        shares.period_start,
        shares.dimension,
        shares.dimension_value,
        shares.numerator,
        shares.denominator,
        'rate' as unit,
        shares.is_provisional,
        shares.as_of
    from shares
)

select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    cast(numerator as decimal(18, 2)) as numerator,
    cast(denominator as decimal(18, 2)) as denominator,
    cast(case when metric = 'net_sales' then numerator else numerator / nullif(denominator, 0) end as decimal(18, 6)) as value,
    unit,
    is_provisional,
    as_of
from measured
