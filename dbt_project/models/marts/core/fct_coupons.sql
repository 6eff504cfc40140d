-- One row per coupon that was issued or redeemed.
with

coupons as (
    {{ newest_versions(ref('stg_channel_coupons'), 'coupon_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
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
    coupons.redeemed_at,
    coupons.expires_at,
    coupons.channel || ':' || coupons.order_no as order_key
from coupons
left join identities on coupons.source_record_key = identities.source_record_key
