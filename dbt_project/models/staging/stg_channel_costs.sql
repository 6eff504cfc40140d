-- One row per advertising or messaging cost line and load that this run may see.
with

source as (
    select * from {{ source('lake', 'channel_costs') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select
        source.cost_key,
        source.channel,
        source.campaign_no,
        source.campaign_name,
        source.product_id_channel,
        source.spent_from_on,
        source.spent_to_on,
        source.currency_code as currency_code_original,
        source.cost_amount as cost_amount_original,
        source.impression_count,
        source.click_count,
        source._load_id,
        source._source_row,
        source._exported_at
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.spent_from_on <= run_context.as_of
)

select * from renamed
