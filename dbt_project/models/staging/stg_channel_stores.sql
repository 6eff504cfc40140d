-- One row per store and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_stores') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.store_key,
        source.channel,
        source.store_id_channel,
        source.store_name,
        source.region,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where source._exported_at < run_context.exported_before_at
)

select * from renamed
