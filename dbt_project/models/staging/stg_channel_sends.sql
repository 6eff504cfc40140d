-- One row per message to one person and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_sends') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.send_key,
        source.channel,
        source.campaign_no,
        source.source_record_key,
        source.medium,
        source.status,
        source.sent_at,
        source.delivered_at,
        source.opened_at,
        source.clicked_at,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        -- a mailing whose day the export does not tell is known from its export on
        and (source.sent_at is null or source.sent_at < run_context.as_of_end_at)
)

select * from renamed
