-- One row per source record that an export which this run may see names with an order after the end of the day.
--
-- An export made in the morning knows of orders that no figure of the day may count. That somebody has ordered is all that leaves this
-- model: it keeps a reminder of a cart from going to who has bought meanwhile.
with

source as (
    select * from {{ source('lake', 'channel_orders') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

renamed as (
    select distinct source.source_record_key
    from source
    cross join run_context
    where
        source._exported_at < run_context.exported_before_at
        and source.ordered_at >= run_context.as_of_end_at
        and source.source_record_key is not null
)

select * from renamed
