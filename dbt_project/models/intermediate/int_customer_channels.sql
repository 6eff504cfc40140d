-- One row per customer who has bought: the channels of the purchases.
{{ config(materialized='table') }}

with

purchases as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase
),

channels as (
    select
        customer_no,
        channel,
        count(*) as order_count,
        min(purchased_at) as first_purchased_at
    from purchases
    group by customer_no, channel
),

ranked as (
    select
        customer_no,
        channel,
        row_number() over (partition by customer_no order by first_purchased_at asc nulls last, channel asc nulls last) as first_rank,
        row_number() over (partition by customer_no order by order_count desc nulls last, channel asc nulls last) as volume_rank
    from channels
)

select
    customer_no,
    max(case when first_rank = 1 then channel end) as acquisition_channel,
    max(case when volume_rank = 1 then channel end) as preferred_channel,
    {{ joined_text('channel') }} as purchase_channels,
    count(*) as purchase_channel_count
from ranked
group by customer_no
