-- One row per channel and business day with orders, or with payments or refunds that name none: what each side counts, and how they differ.
with

items as (
    select * from {{ ref('int_reconciliation') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

summed as (
    select
        items.channel,
        items.day_on,
        count(*) as item_count,
        sum(case when items.item_type = 'order' then 1 else 0 end) as order_count,
        sum(items.order_amount) as order_amount,
        sum(case when items.is_payable then 1 else 0 end) as payable_order_count,
        sum(case when items.is_payable then items.order_amount else 0 end) as payable_amount,
        sum(items.payment_count) as payment_count,
        sum(items.payment_amount) as payment_amount,
        sum(case when items.is_settleable then 1 else 0 end) as settleable_order_count,
        sum(case when items.is_settleable then items.order_amount else 0 end) as settleable_amount,
        sum(items.settlement_count) as settlement_count,
        sum(items.settlement_amount) as settlement_amount,
        sum(coalesce(items.order_refunded_amount, 0)) as order_refunded_amount,
        sum(items.refund_count) as refund_count,
        sum(items.refund_amount) as refund_amount,
        sum(coalesce(items.refund_difference_amount, 0)) as refund_difference_amount,
        sum(case when items.outcome = 'agrees' then 1 else 0 end) as agreeing_count,
        sum(case when items.outcome = 'unchecked' then 1 else 0 end) as unchecked_count,
        sum(case when items.outcome = 'pending' then 1 else 0 end) as pending_count,
        sum(case when items.outcome = 'differs' then 1 else 0 end) as differing_count,
        sum(case when items.outcome = 'pending' then coalesce(items.difference_amount, 0) else 0 end) as pending_amount,
        sum(case when items.outcome = 'differs' then coalesce(items.difference_amount, 0) else 0 end) as differing_amount
    from items
    group by items.channel, items.day_on
)

select
    summed.channel,
    summed.day_on,
    cast(summed.item_count as bigint) as item_count,
    cast(summed.order_count as bigint) as order_count,
    cast(summed.payable_order_count as bigint) as payable_order_count,
    cast(summed.payment_count as bigint) as payment_count,
    cast(summed.settleable_order_count as bigint) as settleable_order_count,
    cast(summed.settlement_count as bigint) as settlement_count,
    cast(summed.refund_count as bigint) as refund_count,
    run_context.reporting_currency as currency_code,
    cast(summed.order_amount as decimal(18, 2)) as order_amount,
    cast(summed.payable_amount as decimal(18, 2)) as payable_amount,
    cast(summed.payment_amount as decimal(18, 2)) as payment_amount,
    cast(summed.payment_amount - summed.payable_amount as decimal(18, 2)) as payment_difference_amount,
    cast(summed.settleable_amount as decimal(18, 2)) as settleable_amount,
    cast(summed.settlement_amount as decimal(18, 2)) as settlement_amount,
    cast(summed.settlement_amount - summed.settleable_amount as decimal(18, 2)) as settlement_difference_amount,
    cast(summed.order_refunded_amount as decimal(18, 2)) as order_refunded_amount,
    cast(summed.refund_amount as decimal(18, 2)) as refund_amount,
    cast(summed.refund_difference_amount as decimal(18, 2)) as refund_difference_amount,
    cast(summed.agreeing_count as bigint) as agreeing_count,
    cast(summed.unchecked_count as bigint) as unchecked_count,
    cast(summed.pending_count as bigint) as pending_count,
    cast(summed.differing_count as bigint) as differing_count,
    cast(summed.pending_amount as decimal(18, 2)) as pending_amount,
    cast(summed.differing_amount as decimal(18, 2)) as differing_amount
from summed
cross join run_context
