-- One row per review or survey answer and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_reviews') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.review_key,
        source.channel,
        source.review_type,
        source.source_record_key,
        source.order_no,
        source.product_id_channel,
        source.score,
        source.reviewed_at,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.reviewed_at < run_context.as_of_end_at
)

select * from renamed
