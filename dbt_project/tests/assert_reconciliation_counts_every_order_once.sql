-- An order that fans out over its payments, or falls out of a join, would make the day agree where it does not.
{{ config(meta={'dagster': {'ref': {'name': 'channel_reconciliation'}}}) }}

with

orders as (
    select
        channel,
        count(*) as order_count,
        sum(coalesce(paid_amount, 0)) as order_amount
    from {{ ref('fct_orders') }}
    group by channel
),

reconciled as (
    select
        channel,
        sum(order_count) as order_count,
        sum(order_amount) as order_amount
    from {{ ref('channel_reconciliation') }}
    group by channel
)

select
    orders.channel,
    orders.order_count as ordered_count,
    reconciled.order_count as reconciled_count,
    orders.order_amount as ordered_amount,
    reconciled.order_amount as reconciled_amount
from orders
left join reconciled on orders.channel = reconciled.channel
where orders.order_count <> coalesce(reconciled.order_count, 0) or orders.order_amount <> coalesce(reconciled.order_amount, 0)
