-- One row per refund and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_refunds') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.refund_key,
        source.channel,
        source.payment_no,
        source.order_no,
        source.status,
        source.source_record_key,
        source.refunded_at,
        coalesce(source.is_refunded_at_inferred, false) as is_refunded_at_inferred,
        source.currency_code as currency_code_original,
        source.refunded_amount as refunded_amount_original,
        source.reason,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.refunded_at < run_context.as_of_end_at
)

select * from renamed
