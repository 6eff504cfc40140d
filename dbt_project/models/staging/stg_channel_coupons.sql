-- One row per coupon and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_coupons') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.coupon_key,
        source.channel,
        source.coupon_code,
        source.campaign_no,
        source.source_record_key,
        source.status,
        source.issued_at,
        source.redeemed_at,
        source.expires_at,
        source.order_no,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and (source.issued_at is null or source.issued_at < run_context.as_of_end_at)
)

select * from renamed
