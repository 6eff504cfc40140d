-- One row per customer and business day with any event, order or interaction.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}
{%- do asked('int_former_days') %}

with

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }}
),

events as (
    select
        customer_id,
        occurred_on
    from {{ touched_rows(ref('fct_events'), touched, 'customer_id') }}
    where customer_id is not null
),

interactions as (
    select
        customer_id,
        occurred_on
    from {{ touched_rows(ref('fct_interactions'), touched, 'customer_id') }}
    where customer_id is not null
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
        interactions.occurred_on as active_on
    from interactions
    inner join customers on interactions.customer_id = customers.customer_id
)

select
    customer_no,
    active_on
from days
group by customer_no, active_on
