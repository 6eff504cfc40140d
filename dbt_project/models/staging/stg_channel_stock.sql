-- One row per product, store, day and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_stock') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.stock_key,
        source.channel,
        source.store_id_channel,
        source.product_id_channel,
        source.counted_on,
        source.quantity,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.counted_on <= run_context.as_of
)

select * from renamed
