-- One row per tracked event and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_events') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.event_key,
        source.channel,
        source.event_name,
        source.source_record_key,
        source.anonymous_id,
        source.occurred_at,
        source.product_id_channel,
        source.product_category,
        source.quantity,
        source.order_no,
        source.currency_code as currency_code_original,
        source.value_amount as value_amount_original,
        source.campaign_name,
        source.device_type,
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
