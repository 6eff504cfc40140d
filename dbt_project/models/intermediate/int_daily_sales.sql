-- One row per business day, channel and whether a customer is known, with purchases.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('fct_orders') }}
)

select
    purchased_on,
    channel,
    customer_id is not null as is_attributed,
    count(*) as order_count,
    cast(sum(net_amount) as decimal(18, 2)) as net_amount
from orders
where is_purchase
group by purchased_on, channel, customer_id is not null
