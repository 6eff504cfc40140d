-- One row per person, identifier and load that this run may see. The identifier itself is not shown.
with

source as (
    select * from {{ source('lake', 'channel_contact_points') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.source_record_key,
        source.channel,
        source.type,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.first_seen_at < run_context.as_of_end_at
)

select * from renamed
