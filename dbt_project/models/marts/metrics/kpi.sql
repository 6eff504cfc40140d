-- One row per metric, period grain, period, dimension and dimension value.
--
-- A family of metrics is a model that ends in these columns; its unit is `money` where amounts are meant. Without a denominator the
-- numerator is the value; with one the value is a ratio, null where the denominator is 0. Of a sum of probabilities the numerator shows two
-- decimals, and the ratio is of all six.
{%- set families = [
    'int_kpi_activity',
    'int_kpi_buyers',
    'int_kpi_newcomers',
    'int_kpi_sales',
    'int_kpi_marketing',
    'int_kpi_service',
    'int_kpi_loyalty',
    'int_kpi_value',
] %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

measured as (
    {%- for family in families %}
        select
            {{ family }}.metric,
            {{ family }}.period_grain,
            {{ family }}.period_start,
            {{ family }}.dimension,
            {{ family }}.dimension_value,
            cast({{ family }}.numerator as decimal(24, 6)) as numerator,
            {{ family }}.denominator,
            case {{ family }}.unit when 'money' then run_context.reporting_currency else {{ family }}.unit end as unit,
            {{ family }}.is_provisional,
            {{ family }}.as_of
        from {{ ref(family) }} as {{ family }}
        cross join run_context
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
    cast(numerator as decimal(18, 2)) as numerator,
    cast(denominator as decimal(18, 2)) as denominator,
    cast(case when denominator is null then numerator else numerator / nullif(denominator, 0) end as decimal(18, 6)) as value,
    unit,
    is_provisional,
    as_of
from measured
