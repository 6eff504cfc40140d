-- One row per order of any type and status; orders of channels that name no buyer have no customer.
with

orders as (
    select * from {{ ref('int_orders') }}
)

select
    order_key,
    channel,
    order_type,
    status,
    customer_id,
    store_id_channel,
    country,
    ordered_at,
    ordered_on,
    paid_at,
    shipped_at,
    completed_at,
    is_purchase,
    is_gift,
    was_paid,
    was_refunded,
    purchased_at,
    purchased_on,
    booked_on,
    currency_code,
    gross_amount,
    discount_amount,
    shipping_amount,
    paid_amount,
    stated_refunded_amount,
    refunded_amount,
    net_amount,
    currency_code_original,
    discount_amount_original,
    paid_amount_original,
    stated_refunded_amount_original,
    refunded_amount_original,
    net_amount_original,
    is_refund_inferred,
    item_quantity,
    payment_method,
    coupon_code,
    exported_at
from orders
