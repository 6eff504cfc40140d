-- One row per customer and business day with any event, order or interaction.
{{ config(materialized='table') }}

with

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('int_customer_orders') }}
),

events as (
    select
        customer_id,
        occurred_on
    from {{ ref('fct_events') }}
    where customer_id is not null
),

interactions as (
    {{ newest_versions(ref('stg_channel_interactions'), 'interaction_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

days as (
    select
        customer_no,
        ordered_on as active_on
    from orders

    union all

    select
        customers.customer_no,
        events.occurred_on as active_on
    from events
    inner join customers on events.customer_id = customers.customer_id

    union all

    select
        customers.customer_no,
        {{ business_date('interactions.occurred_at', 'run_context.business_time_zone') }} as active_on
    from interactions
    cross join run_context
    inner join identities on interactions.source_record_key = identities.source_record_key
    inner join customers on identities.customer_id = customers.customer_id
)

select
    customer_no,
    active_on
from days
group by customer_no, active_on
