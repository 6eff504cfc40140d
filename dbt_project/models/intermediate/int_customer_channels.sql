-- One row per customer who has bought: the channels of the purchases.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}
{%- do asked('int_former_channels') %}

with

purchases as (
    select * from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }}
    where is_purchase
),

-- a bit for each channel: a set of channels is a sum of bits, and its text is made once a set instead of once a customer
bits as (
    select
        channel,
        cast(power(2, row_number() over (order by channel asc nulls last) - 1) as bigint) as channel_bit
    from (select distinct channel from purchases) as channels
),

customer_channels as (
    select
        purchases.customer_no,
        bits.channel,
        bits.channel_bit,
        count(*) as order_count,
        min(purchases.purchased_at) as first_purchased_at
    from purchases
    inner join bits on purchases.channel = bits.channel
    group by purchases.customer_no, bits.channel, bits.channel_bit
),

ranked as (
    select
        customer_no,
        channel,
        channel_bit,
        row_number() over (partition by customer_no order by first_purchased_at asc nulls last, channel asc nulls last) as first_rank,
        row_number() over (partition by customer_no order by order_count desc nulls last, channel asc nulls last) as volume_rank
    from customer_channels
),

customers as (
    select
        customer_no,
        max(case when first_rank = 1 then channel end) as acquisition_channel,
        max(case when volume_rank = 1 then channel end) as preferred_channel,
        cast(sum(channel_bit) as bigint) as channel_bits,
        count(*) as purchase_channel_count
    from ranked
    group by customer_no
),

channel_sets as (
    select
        sets.channel_bits,
        {{ joined_text('bits.channel') }} as purchase_channels
    from (select distinct channel_bits from customers) as sets
    inner join bits on (sets.channel_bits & bits.channel_bit) > 0
    group by sets.channel_bits
)

select
    customers.customer_no,
    customers.acquisition_channel,
    customers.preferred_channel,
    channel_sets.purchase_channels,
    customers.purchase_channel_count
from customers
inner join channel_sets on customers.channel_bits = channel_sets.channel_bits
