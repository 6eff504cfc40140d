-- The history finds the days of change by rules of its own: a threshold that only one of the two models knows would part them unseen.
{{ config(meta={'dagster': {'ref': {'name': 'customer_lifecycle_history'}}}) }}

with

today as (
    select
        customer_id,
        lifecycle_stage
    from {{ ref('customer_lifecycle') }}
    where coalesce(registered_on, first_purchased_on, last_active_on) is not null
),

last_stages as (
    select
        customer_id,
        lifecycle_stage
    from {{ ref('customer_lifecycle_history') }}
    where valid_to_on is null
)

select
    today.customer_id as customer_id_today,
    today.lifecycle_stage as stage_today,
    last_stages.customer_id as customer_id_last,
    last_stages.lifecycle_stage as stage_last
from today
full outer join last_stages on today.customer_id = last_stages.customer_id
where today.lifecycle_stage is distinct from last_stages.lifecycle_stage
