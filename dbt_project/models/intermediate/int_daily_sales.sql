-- One row per business day, channel, store and acquisition channel of the customer, with orders that were paid: purchases, refunds, money.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('fct_orders') }}
    where was_paid
),

customers as (
    select
        customers.customer_id,
        channels.acquisition_channel
    from {{ ref('int_customers') }} as customers
    inner join {{ ref('int_customer_channels') }} as channels on customers.customer_no = channels.customer_no
)

select
    orders.booked_on,
    orders.channel,
    orders.store_key,
    orders.region,
    customers.acquisition_channel,
    count(*) as paid_order_count,
    count(case when orders.was_refunded then 1 end) as refunded_order_count,
    cast(sum(orders.paid_amount) as decimal(18, 2)) as paid_amount,
    cast(sum(orders.refunded_amount) as decimal(18, 2)) as refunded_amount,
    count(case when orders.is_purchase then 1 end) as order_count,
    cast(sum(case when orders.is_purchase then orders.net_amount else 0 end) as decimal(18, 2)) as net_amount
from orders
left join customers on orders.customer_id = customers.customer_id
group by orders.booked_on, orders.channel, orders.store_key, orders.region, customers.acquisition_channel
