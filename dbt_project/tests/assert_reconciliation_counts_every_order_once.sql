-- An order that fans out over its payments, or falls out of a join, would make the day agree where it does not.
{{ config(meta={'dagster': {'ref': {'name': 'channel_reconciliation'}}}) }}

with

items as (
    select
        channel,
        day_on,
        count(*) as item_count,
        count(distinct item_type || ' ' || item_key) as key_count
    from {{ ref('int_reconciliation') }}
    group by channel, day_on
),

orders as (
    select
        channel,
        booked_on,
        count(*) as order_count,
        sum(coalesce(paid_amount, 0)) as order_amount
    from {{ ref('fct_orders') }}
    group by channel, booked_on
),

reconciled as (
    select * from {{ ref('channel_reconciliation') }}
)

select
    reconciled.channel,
    reconciled.day_on,
    reconciled.order_count as reconciled_count,
    orders.order_count as ordered_count,
    reconciled.order_amount as reconciled_amount,
    orders.order_amount as ordered_amount,
    reconciled.unchecked_count,
    items.item_count,
    items.key_count
from reconciled
left join items on reconciled.channel = items.channel and reconciled.day_on = items.day_on
full outer join orders on reconciled.channel = orders.channel and reconciled.day_on = orders.booked_on
where
    coalesce(reconciled.order_count, 0) <> coalesce(orders.order_count, 0)
    or coalesce(reconciled.order_amount, 0) <> coalesce(orders.order_amount, 0)
    or reconciled.unchecked_count < 0
    or items.item_count <> items.key_count
