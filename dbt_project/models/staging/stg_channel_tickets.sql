-- One row per service case and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_tickets') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.ticket_key,
        source.channel,
        source.ticket_no,
        source.source_record_key,
        source.status,
        source.ticket_type,
        source.order_no,
        source.created_at,
        source.first_replied_at,
        source.solved_at,
        source.satisfaction_score,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.created_at < run_context.as_of_end_at
)

select * from renamed
