-- One row per payment.
{{ config(materialized='renewed', meta={'touched_by': {'payment_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

payments as (
    {{ newest_touched_versions(ref('stg_channel_payments'), touched, 'payment_key') }}
),

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'payment'
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

dated as (
    select
        payments.*,
        run_context.reporting_currency,
        {{ business_date('payments.paid_at', 'run_context.business_time_zone') }} as paid_on
    from payments
    cross join run_context
),

joined as (
    select
        dated.*,
        rates.rate,
        order_references.order_key,
        identities.customer_id
    from dated
    left join order_references on dated.payment_key = order_references.fact_key
    left join identities on dated.source_record_key = identities.source_record_key
    left join rates
        on
            dated.currency_code_original = rates.currency_code
            and dated.paid_on >= rates.valid_from_on
            and dated.paid_on < rates.valid_to_on
)

select
    payment_key,
    channel,
    order_key,
    customer_id,
    status,
    paid_at,
    paid_on,
    payment_method,
    reporting_currency as currency_code,
    {{ reporting('paid_amount_original') }} as paid_amount,
    cast({{ reporting('fee_amount_original') }} as decimal(18, 2)) as fee_amount,
    currency_code_original,
    paid_amount_original
from joined
