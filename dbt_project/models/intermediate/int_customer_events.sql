-- One row per event of a known customer. `is_visit` marks what somebody did on a site or in an app, against what was done to them
-- (shipped, refunded) or happened in a mailbox.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

events as (
    select * from {{ touched_rows(ref('fct_events'), touched, 'customer_id') }}
),

customers as (
    select * from {{ ref('int_customers') }}
)

select
    customers.customer_no,
    events.channel,
    events.event_name,
    events.occurred_at,
    events.occurred_on,
    events.product_category,
    events.channel || ':' || events.product_id_channel as product_key,
    events.event_name in (
        'page_viewed',
        'product_viewed',
        'product_added',
        'product_removed',
        'product_favorited',
        'cart_viewed',
        'checkout_started',
        'order_completed',
        'searched'
    ) as is_visit
from events
inner join customers on events.customer_id = customers.customer_id
