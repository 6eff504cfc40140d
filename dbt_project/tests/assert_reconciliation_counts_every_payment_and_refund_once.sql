-- Money of a bill that stands on no day, or on two, would be missed or made up by whoever closes the month.
{{ config(meta={'dagster': {'ref': {'name': 'channel_reconciliation'}}}) }}

with

payments as (
    select
        count(*) as payment_count,
        coalesce(sum(paid_amount), 0) as payment_amount
    from {{ ref('fct_payments') }}
    where status = 'succeeded'
),

refunds as (
    select count(*) as refund_count from {{ ref('fct_refunds') }}
    where status = 'succeeded'
),

reconciled as (
    select
        coalesce(sum(payment_count + settlement_count), 0) as payment_count,
        coalesce(sum(payment_amount + settlement_amount), 0) as payment_amount,
        coalesce(sum(refund_count), 0) as refund_count
    from {{ ref('channel_reconciliation') }}
)

select
    payments.payment_count as paid_count,
    reconciled.payment_count as reconciled_count,
    payments.payment_amount as paid_amount,
    reconciled.payment_amount as reconciled_amount,
    refunds.refund_count as refunded_count,
    reconciled.refund_count as reconciled_refund_count
from payments
cross join refunds
cross join reconciled
where
    payments.payment_count <> reconciled.payment_count
    or payments.payment_amount <> reconciled.payment_amount
    or refunds.refund_count <> reconciled.refund_count
