-- One row per tracked event, of customers and of anonymous visitors.
{{ config(materialized='renewed', meta={'touched_by': {'event_key': 'int_touched_facts'}}) }}

{%- do asked('int_touched_facts') %}
{%- do asked('int_former_visits') %}
with

events as (
    select * from {{ ref('int_events') }}
)

select
    event_key,
    channel,
    event_name,
    customer_id,
    visitor_key,
    occurred_at,
    occurred_on,
    product_id_channel,
    product_category,
    quantity,
    order_no,
    currency_code_original,
    value_amount_original,
    campaign_name,
    device_type
from events
