-- One row per interaction and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_interactions') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.interaction_key,
        source.channel,
        source.interaction_type,
        source.source_record_key,
        source.occurred_at,
        source.staff_id_channel,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.occurred_at < run_context.as_of_end_at
)

select * from renamed
