-- One row per order, or payment or refund that names none, on which the sources do not agree: why, and by how much.
with

items as (
    select * from {{ ref('int_reconciliation') }}
    where outcome in ('differs', 'pending')
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    items.item_type,
    items.item_key,
    items.order_key,
    items.channel,
    items.day_on,
    items.outcome,
    items.reason,
    items.pending_until_on,
    run_context.reporting_currency as currency_code,
    cast(items.difference_amount as decimal(18, 2)) as difference_amount,
    cast(items.order_amount as decimal(18, 2)) as order_amount,
    cast(items.payment_count as bigint) as payment_count,
    cast(items.payment_amount as decimal(18, 2)) as payment_amount,
    cast(items.settlement_count as bigint) as settlement_count,
    cast(items.settlement_amount as decimal(18, 2)) as settlement_amount,
    cast(items.order_refunded_amount as decimal(18, 2)) as order_refunded_amount,
    cast(items.refund_count as bigint) as refund_count,
    cast(items.refund_amount as decimal(18, 2)) as refund_amount,
    items.currency_code_original,
    cast(items.difference_amount_original as decimal(18, 2)) as difference_amount_original
from items
cross join run_context
