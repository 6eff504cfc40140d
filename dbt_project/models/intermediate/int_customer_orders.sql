-- One row per order of a known customer: where, when and how much.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}
{%- do asked('int_former_orders') %}

with

orders as (
    select * from {{ touched_rows(ref('fct_orders'), touched, 'customer_id') }}
),

customers as (
    select * from {{ ref('int_customers') }}
)

select
    customers.customer_no,
    orders.channel,
    orders.store_key,
    orders.region,
    orders.ordered_at,
    orders.ordered_on,
    orders.purchased_at,
    orders.purchased_on,
    orders.net_amount,
    orders.is_purchase,
    coalesce(orders.discount_amount > 0, false) or orders.coupon_code is not null as is_discounted
from orders
inner join customers on orders.customer_id = customers.customer_id
