-- One row per statement on what a person allows, and load, that this run may see. The contact point itself is not shown.
with

source as (
    select * from {{ source('lake', 'channel_consents') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.source_record_key,
        source.channel,
        source.contact_type,
        md5(run_context.id_key || '|' || source.contact_value_raw) as contact_value_key,
        source.medium,
        source.purpose,
        source.status,
        source.last_seen_at,
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
