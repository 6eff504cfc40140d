-- One row per loaded file that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_loads') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.load_id,
        source.format_name,
        {{ business_date('source.exported_at', 'run_context.business_time_zone') }} as exported_on,
        source.covers_to_on,
        source.loaded_count,
        source.duplicate_count,
        source.quarantined_count
    from source
    cross join run_context
    where
        source.outcome = 'loaded'
        and source.exported_at < run_context.exported_before_at
)

select * from renamed
