-- One row per channel and business day with orders, or with payments or refunds that name none: what each side counts, and how they differ.
with

items as (
    select * from {{ ref('int_reconciliation') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

ordered as (
    select
        channel,
        booked_on as day_on,
        count(*) as order_count,
        sum(coalesce(paid_amount, 0)) as order_amount,
        sum(coalesce(stated_refunded_amount, 0)) as order_refunded_amount
    from orders
    group by channel, booked_on
),

summed as (
    select
        items.channel,
        items.day_on,
        sum(case when items.item_type = 'order' then 1 else 0 end) as spoken_of_count,
        sum(case when items.item_type = 'order' then 0 else 1 end) as stray_count,
        sum(case when items.is_payable then 1 else 0 end) as payable_order_count,
        sum(case when items.is_payable then items.order_amount else 0 end) as payable_amount,
        sum(items.payment_count) as payment_count,
        sum(items.payment_amount) as payment_amount,
        sum(case when items.is_settleable then 1 else 0 end) as settleable_order_count,
        sum(case when items.is_settleable then items.order_amount else 0 end) as settleable_amount,
        sum(items.settlement_count) as settlement_count,
        sum(items.settlement_amount) as settlement_amount,
        sum(items.refund_count) as refund_count,
        sum(items.refund_amount) as refund_amount,
        sum(coalesce(items.refund_difference_amount, 0)) as refund_difference_amount,
        sum(case when items.outcome = 'agrees' then 1 else 0 end) as agreeing_count,
        sum(case when items.outcome = 'unchecked' then 1 else 0 end) as unchecked_stray_count,
        sum(case when items.outcome = 'pending' then 1 else 0 end) as pending_count,
        sum(case when items.outcome = 'differs' then 1 else 0 end) as differing_count,
        sum(case when items.outcome = 'pending' then coalesce(items.difference_amount, 0) else 0 end) as pending_amount,
        sum(case when items.outcome = 'differs' then coalesce(items.difference_amount, 0) else 0 end) as differing_amount
    from items
    group by items.channel, items.day_on
),

days as (
    select
        coalesce(ordered.channel, summed.channel) as channel,
        coalesce(ordered.day_on, summed.day_on) as day_on,
        coalesce(ordered.order_count, 0) + coalesce(summed.stray_count, 0) as item_count,
        coalesce(ordered.order_count, 0) as order_count,
        coalesce(ordered.order_amount, 0) as order_amount,
        coalesce(ordered.order_refunded_amount, 0) as order_refunded_amount,
        -- orders that no bill speaks of, nor should
        coalesce(ordered.order_count, 0)
        - coalesce(summed.spoken_of_count, 0)
        + coalesce(summed.unchecked_stray_count, 0) as unchecked_count,
        coalesce(summed.payable_order_count, 0) as payable_order_count,
        coalesce(summed.payment_count, 0) as payment_count,
        coalesce(summed.settleable_order_count, 0) as settleable_order_count,
        coalesce(summed.settlement_count, 0) as settlement_count,
        coalesce(summed.refund_count, 0) as refund_count,
        coalesce(summed.payable_amount, 0) as payable_amount,
        coalesce(summed.payment_amount, 0) as payment_amount,
        coalesce(summed.settleable_amount, 0) as settleable_amount,
        coalesce(summed.settlement_amount, 0) as settlement_amount,
        coalesce(summed.refund_amount, 0) as refund_amount,
        coalesce(summed.refund_difference_amount, 0) as refund_difference_amount,
        coalesce(summed.agreeing_count, 0) as agreeing_count,
        coalesce(summed.pending_count, 0) as pending_count,
        coalesce(summed.differing_count, 0) as differing_count,
        coalesce(summed.pending_amount, 0) as pending_amount,
        coalesce(summed.differing_amount, 0) as differing_amount
    from ordered
    full outer join summed on ordered.channel = summed.channel and ordered.day_on = summed.day_on
)

select
    days.channel,
    days.day_on,
    cast(days.item_count as bigint) as item_count,
    cast(days.order_count as bigint) as order_count,
    cast(days.payable_order_count as bigint) as payable_order_count,
    cast(days.payment_count as bigint) as payment_count,
    cast(days.settleable_order_count as bigint) as settleable_order_count,
    cast(days.settlement_count as bigint) as settlement_count,
    cast(days.refund_count as bigint) as refund_count,
    run_context.reporting_currency as currency_code,
    cast(days.order_amount as decimal(18, 2)) as order_amount,
    cast(days.payable_amount as decimal(18, 2)) as payable_amount,
    cast(days.payment_amount as decimal(18, 2)) as payment_amount,
    cast(days.payment_amount - days.payable_amount as decimal(18, 2)) as payment_difference_amount,
    cast(days.settleable_amount as decimal(18, 2)) as settleable_amount,
    cast(days.settlement_amount as decimal(18, 2)) as settlement_amount,
    cast(days.settlement_amount - days.settleable_amount as decimal(18, 2)) as settlement_difference_amount,
    cast(days.order_refunded_amount as decimal(18, 2)) as order_refunded_amount,
    cast(days.refund_amount as decimal(18, 2)) as refund_amount,
    cast(days.refund_difference_amount as decimal(18, 2)) as refund_difference_amount,
    cast(days.agreeing_count as bigint) as agreeing_count,
    cast(days.unchecked_count as bigint) as unchecked_count,
    cast(days.pending_count as bigint) as pending_count,
    cast(days.differing_count as bigint) as differing_count,
    cast(days.pending_amount as decimal(18, 2)) as pending_amount,
    cast(days.differing_amount as decimal(18, 2)) as differing_amount
from days
cross join run_context
