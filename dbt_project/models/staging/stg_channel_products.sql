-- One row per product and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_products') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.product_key,
        source.channel,
        source.product_id_channel,
        source.product_name,
        source.brand,
        source.department,
        source.category,
        source.subcategory,
        source.package_size,
        source.unit_cost,
        source.currency_code,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where source._exported_at < run_context.exported_before_at
)

select * from renamed
