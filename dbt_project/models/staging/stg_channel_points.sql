-- One row per movement on a loyalty account and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_points') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.points_key,
        source.channel,
        source.source_record_key,
        source.points_delta,
        source.reason,
        source.order_no,
        source.occurred_at,
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
