-- One row per refund that a channel reports.
{{ config(materialized='renewed', meta={'touched_by': {'refund_key': 'int_touched_facts'}}) }}
{%- do asked('int_touched_facts') %}

with

refunds as (
    select * from {{ ref('int_refunds') }}
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
        refunds.*,
        run_context.reporting_currency,
        {{ business_date('refunds.refunded_at', 'run_context.business_time_zone') }} as refunded_on
    from refunds
    cross join run_context
),

joined as (
    select
        dated.*,
        rates.rate,
        identities.customer_id
    from dated
    left join identities on dated.source_record_key = identities.source_record_key
    left join rates
        on
            dated.currency_code_original = rates.currency_code
            and dated.refunded_on >= rates.valid_from_on
            and dated.refunded_on < rates.valid_to_on
)

select
    refund_key,
    channel,
    order_key,
    customer_id,
    status,
    refunded_at,
    refunded_on,
    is_refunded_at_inferred,
    reason,
    reporting_currency as currency_code,
    {{ reporting('refunded_amount_original') }} as refunded_amount,
    currency_code_original,
    refunded_amount_original
from joined
