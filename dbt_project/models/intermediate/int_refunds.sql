-- One row per refund that is computed: newest version, with the order that it reduces. In a build that continues the last, touched ones
-- only.
{%- set touched = asked('int_touched_facts') %}
with

refunds as (
    {{ newest_touched_versions(ref('stg_channel_refunds'), touched, 'refund_key') }}
),

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'refund'
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
left join order_references on refunds.refund_key = order_references.fact_key
