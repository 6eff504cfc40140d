-- One row per customer and month since the first purchase whose end is scored: the RFM tier (preset monthly) at the month's end.
{{ config(materialized='table') }}

with

month_ends as (
    select * from {{ ref('int_rfm_month_ends') }}
),

presets as (
    select * from {{ ref('int_rfm_presets') }}
    where preset = 'monthly'
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

totaled as (
    select
        month_ends.customer_no,
        month_ends.month_start,
        month_ends.last_purchased_on,
        {{ recency_score(days_between('month_ends.last_purchased_on', 'month_ends.month_end_on')) }}
        + {{ volume_score('month_ends.frequency_monthly', 'frequency') }}
        + {{ volume_score('month_ends.monetary_amount_monthly', 'monetary') }} as rfm_total,
        run_context.rfm_high_value_from_total,
        run_context.rfm_potential_from_total
    from month_ends
    cross join presets
    cross join run_context
)

select
    customer_no,
    month_start,
    last_purchased_on,
    {{ rfm_tier('rfm_total') }} as rfm_tier
from totaled
