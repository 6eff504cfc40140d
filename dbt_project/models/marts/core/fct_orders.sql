-- One row per order of any type and status; orders of channels that name no buyer have no customer.
{{ config(materialized='renewed', meta={'touched_by': {'order_key': 'int_touched_orders'}}) }}

{%- do asked('int_touched_orders') %}
with

orders as (
    select * from {{ ref('int_orders') }}
),

stores as (
    select * from {{ ref('dim_stores') }}
)

select
    orders.order_key,
    orders.channel,
    orders.order_type,
    orders.status,
    orders.customer_id,
    orders.store_id_channel,
    stores.store_key,
    stores.region,
    orders.country,
    orders.ordered_at,
    orders.ordered_on,
    orders.paid_at,
    orders.shipped_at,
    orders.completed_at,
    orders.is_purchase,
    orders.is_gift,
    orders.was_paid,
    orders.was_refunded,
    orders.purchased_at,
    orders.purchased_on,
    orders.booked_on,
    orders.currency_code,
    orders.gross_amount,
    orders.discount_amount,
    orders.shipping_amount,
    orders.paid_amount,
    orders.stated_refunded_amount,
    orders.refunded_amount,
    orders.net_amount,
    orders.currency_code_original,
    orders.discount_amount_original,
    orders.paid_amount_original,
    orders.stated_refunded_amount_original,
    orders.refunded_amount_original,
    orders.net_amount_original,
    orders.is_refund_inferred,
    orders.item_quantity,
    orders.payment_method,
    orders.coupon_code,
    orders.exported_at
from orders
left join stores on orders.channel = stores.channel and orders.store_id_channel = stores.store_id_channel
