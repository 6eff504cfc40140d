-- One row per order of a known customer, numbers and times only.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('fct_orders') }}
),

customers as (
    select * from {{ ref('int_customers') }}
)

select
    customers.customer_no,
    orders.channel,
    orders.ordered_at,
    orders.purchased_at,
    orders.purchased_on,
    orders.net_amount,
    orders.is_purchase,
    coalesce(orders.discount_amount > 0, false) or orders.coupon_code is not null as is_discounted
from orders
inner join customers on orders.customer_id = customers.customer_id
