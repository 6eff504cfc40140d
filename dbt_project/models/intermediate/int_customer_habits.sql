-- One row per customer with a purchase in the pattern window, which ends with the last month: when, where and how the customer buys.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

context as (
    select * from {{ ref('int_tag_context') }}
),

promotion_bands as (
    select * from {{ ref('int_tag_bands') }}
    where tag = 'promotion_sensitivity'
),

purchases as (
    select
        orders.customer_no,
        orders.channel,
        orders.is_discounted,
        {{ days_between(start_of('week', 'orders.purchased_on'), 'orders.purchased_on') }} >= 5 as is_on_weekend,
        {{ business_hour('orders.purchased_at', 'context.business_time_zone') }} as purchase_hour,
        context.tags_night_from_hour,
        context.tags_night_to_hour
    from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }} as orders
    cross join context
    where orders.is_purchase and orders.purchased_on > context.before_pattern_on and orders.purchased_on <= context.month_end_on
),

-- a night that begins before midnight is what is not day; one that begins after it lies within a day
by_channel as (
    select
        customer_no,
        channel,
        count(*) as purchase_count,
        count(case when is_on_weekend then 1 end) as weekend_purchase_count,
        count(
            case
                when
                    tags_night_from_hour > tags_night_to_hour
                    and (purchase_hour >= tags_night_from_hour or purchase_hour < tags_night_to_hour)
                    then 1
                when
                    tags_night_from_hour < tags_night_to_hour
                    and purchase_hour >= tags_night_from_hour and purchase_hour < tags_night_to_hour
                    then 1
            end
        ) as night_purchase_count,
        count(case when is_discounted then 1 end) as discounted_purchase_count
    from purchases
    group by customer_no, channel
),

ranked as (
    select
        by_channel.*,
        row_number() over (partition by customer_no order by purchase_count desc nulls last, channel asc nulls last) as channel_rank
    from by_channel
),

counted as (
    select
        customer_no,
        cast(sum(purchase_count) as bigint) as purchase_count,
        cast(sum(weekend_purchase_count) as bigint) as weekend_purchase_count,
        cast(sum(night_purchase_count) as bigint) as night_purchase_count,
        cast(sum(discounted_purchase_count) as bigint) as discounted_purchase_count,
        max(case when channel_rank = 1 then channel end) as most_used_channel,
        max(case when channel_rank = 1 then purchase_count end) as most_used_channel_purchase_count
    from ranked
    group by customer_no
),

shares as (
    select
        counted.*,
        cast(counted.weekend_purchase_count / cast(counted.purchase_count as double) as decimal(5, 4)) as weekend_share,
        cast(counted.night_purchase_count / cast(counted.purchase_count as double) as decimal(5, 4)) as night_share,
        cast(counted.discounted_purchase_count / cast(counted.purchase_count as double) as decimal(5, 4)) as discounted_share,
        cast(counted.most_used_channel_purchase_count / cast(counted.purchase_count as double) as decimal(5, 4)) as channel_share,
        counted.purchase_count >= context.tags_pattern_from_count as is_habitual,
        context.tags_pattern_from_share
    from counted
    cross join context
)

select
    shares.customer_no,
    shares.purchase_count,
    shares.weekend_purchase_count,
    shares.night_purchase_count,
    shares.discounted_purchase_count,
    shares.most_used_channel_purchase_count,
    shares.weekend_share,
    shares.night_share,
    shares.discounted_share,
    shares.channel_share,
    shares.is_habitual and shares.weekend_share >= shares.tags_pattern_from_share as is_weekend_buyer,
    shares.is_habitual and shares.night_share >= shares.tags_pattern_from_share as is_night_buyer,
    case
        when shares.is_habitual and shares.channel_share >= shares.tags_pattern_from_share then shares.most_used_channel
    end as channel_preference,
    case when shares.is_habitual then promotion_bands.band end as promotion_sensitivity
from shares
left join promotion_bands
    on shares.discounted_share >= promotion_bands.from_value and shares.discounted_share < promotion_bands.below_value
