-- One row per coupon that was issued or redeemed.
{{ config(materialized='renewed', meta={'touched_by': {'coupon_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

coupons as (
    {{ newest_touched_versions(ref('stg_channel_coupons'), touched, 'coupon_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'coupon'
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    coupons.coupon_key,
    coupons.channel,
    coupons.coupon_code,
    coupons.channel || ':' || coupons.campaign_no as campaign_key,
    identities.customer_id,
    coupons.status,
    coupons.status = 'redeemed' as is_redeemed,
    coupons.issued_at,
    {{ business_date('coupons.issued_at', 'run_context.business_time_zone') }} as issued_on,
    coupons.redeemed_at,
    {{ business_date('coupons.redeemed_at', 'run_context.business_time_zone') }} as redeemed_on,
    coupons.expires_at,
    -- a system of coupons has no orders of its own: its order number is that of some shop
    coalesce(order_references.order_key, coupons.channel || ':' || coupons.order_no) as order_key
from coupons
cross join run_context
left join identities on coupons.source_record_key = identities.source_record_key
left join order_references on coupons.coupon_key = order_references.fact_key
