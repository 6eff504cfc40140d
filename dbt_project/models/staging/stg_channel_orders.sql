-- One row per order and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_orders') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.order_key,
        source.order_no,
        source.channel,
        source.order_type,
        source.status,
        source.source_record_key,
        source.store_id_channel,
        source.country,
        source.ordered_at,
        source.paid_at,
        source.shipped_at,
        source.completed_at,
        source.currency_code as currency_code_original,
        source.gross_amount as gross_amount_original,
        source.discount_amount as discount_amount_original,
        source.shipping_amount as shipping_amount_original,
        source.paid_amount as paid_amount_original,
        source.refunded_amount as refunded_amount_original,
        source.is_refund_inferred,
        source.item_quantity,
        source.payment_no,
        source.payment_method,
        source.coupon_code,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.ordered_at < run_context.as_of_end_at
)

select * from renamed
