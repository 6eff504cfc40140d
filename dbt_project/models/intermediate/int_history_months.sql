-- One row per month whose end is scored: the newest complete months, as many as the run keeps.
{{ config(materialized='table') }}

with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

complete_months as (
    select
        periods.period_start as month_start,
        periods.period_end_on as month_end_on,
        row_number() over (order by periods.period_start desc nulls last) as months_back
    from {{ ref('int_periods') }} as periods
    where periods.period_grain = 'month' and not periods.is_open
)

select
    complete_months.month_start,
    complete_months.month_end_on
from complete_months
inner join run_context on complete_months.months_back <= run_context.rfm_history_months
