-- One row per refund: newest version, with the order that it reduces.
with

refunds as (
    {{ newest_versions(ref('stg_channel_refunds'), 'refund_key') }}
),

order_references as (
    select * from {{ ref('int_refund_orders') }}
)

select
    refunds.refund_key,
    refunds.channel,
    refunds.source_record_key,
    refunds.status,
    refunds.refunded_at,
    refunds.is_refunded_at_inferred,
    refunds.currency_code_original,
    refunds.refunded_amount_original,
    refunds.reason,
    order_references.order_key
from refunds
left join order_references on refunds.refund_key = order_references.refund_key
