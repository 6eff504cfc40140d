-- One row per payment and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_payments') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.payment_key,
        source.channel,
        source.payment_no,
        source.merchant_order_no,
        source.status,
        source.source_record_key,
        source.paid_at,
        source.currency_code as currency_code_original,
        source.paid_amount as paid_amount_original,
        source.fee_amount as fee_amount_original,
        source.payment_method,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.paid_at < run_context.as_of_end_at
)

select * from renamed
