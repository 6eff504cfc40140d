-- One row per set of attributes that a load claims of a person and that this run may see. Of names and birthdays: whether they are there.
with

source as (
    select * from {{ source('lake', 'channel_profiles') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.source_record_key,
        source.channel,
        nullif(source.full_name is not null, false) as has_full_name,
        source.gender,
        nullif(source.birth_on is not null, false) as has_birth_on,
        source.province,
        source.city,
        source.registered_at,
        source.member_level,
        source.first_seen_at,
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
