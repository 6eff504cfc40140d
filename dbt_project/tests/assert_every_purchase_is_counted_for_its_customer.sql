-- Purchases of customers that the golden record does not know would be missing from RFM and lifecycle while sales include them.
{{ config(meta={'dagster': {'ref': {'name': 'mart_marketing__customer_360'}}}) }}

with

orders as (
    select
        count(*) as order_count,
        sum(net_amount) as net_amount
    from {{ ref('fct_orders') }}
    where is_purchase and customer_id is not null
),

customers as (
    select
        coalesce(sum(order_count_total), 0) as order_count,
        sum(net_amount_total) as net_amount
    from {{ ref('mart_marketing__customer_360') }}
)

select
    orders.order_count as ordered_count,
    customers.order_count as counted_count,
    orders.net_amount as ordered_amount,
    customers.net_amount as counted_amount
from orders
cross join customers
where orders.order_count <> customers.order_count or coalesce(orders.net_amount, 0) <> coalesce(customers.net_amount, 0)
