-- One row per period grain and period that has begun since the first purchase, with its last day.
{{ config(materialized='table') }}

with

days as (
    select * from {{ ref('int_days') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

starts as (
    select
        'day' as period_grain,
        day_on as period_start,
        day_on as period_end_on
    from days

    union all

    select distinct
        'week' as period_grain,
        {{ start_of('week', 'day_on') }} as period_start,
        {{ add_days(start_of('week', 'day_on'), 6) }} as period_end_on
    from days

    union all

    select distinct
        'month' as period_grain,
        {{ start_of('month', 'day_on') }} as period_start,
        {{ add_days(add_months(start_of('month', 'day_on'), 1), -1) }} as period_end_on
    from days

    union all

    select distinct
        'quarter' as period_grain,
        {{ start_of('quarter', 'day_on') }} as period_start,
        {{ add_days(add_months(start_of('quarter', 'day_on'), 3), -1) }} as period_end_on
    from days
)

select
    starts.period_grain,
    starts.period_start,
    starts.period_end_on,
    run_context.as_of,
    starts.period_end_on > run_context.as_of as is_open
from starts
cross join run_context
