-- One row per order line and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_order_lines') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.line_key,
        source.order_key,
        source.channel,
        source.line_no,
        source.line_type,
        source.ordered_at,
        source.product_id_channel,
        source.product_name,
        source.quantity,
        source.unit_price_amount as unit_price_amount_original,
        source.currency_code as currency_code_original,
        source.line_amount as line_amount_original,
        source.discount_amount as discount_amount_original,
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
