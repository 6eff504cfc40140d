-- One row per customer who left or is about to (stage churned or declining) and reason found around the last order.
with

reasons as (
    select * from {{ ref('int_churn_reasons') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    reasons.customer_id,
    reasons.lifecycle_stage,
    reasons.reason,
    reasons.fact_count,
    reasons.last_happened_on,
    reasons.last_order_on,
    run_context.as_of
from reasons
cross join run_context
where reasons.lifecycle_stage in ('churned', 'declining')
