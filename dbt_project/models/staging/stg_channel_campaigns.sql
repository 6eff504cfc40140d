-- One row per campaign and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_campaigns') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.campaign_key,
        source.channel,
        source.campaign_no,
        source.campaign_name,
        source.campaign_type,
        source.starts_on,
        source.ends_on,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where source._exported_at < run_context.exported_before_at
)

select * from renamed
