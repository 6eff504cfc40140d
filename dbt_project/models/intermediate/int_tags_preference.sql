-- One row per customer and tag of kind preference that holds. None tells since when: they are refreshed once a month.
{%- set no_day = 'cast(null as date)' %}
with

tastes as (
    select * from {{ ref('int_customer_tastes') }}
),

habits as (
    select * from {{ ref('int_customer_habits') }}
),

reactions as (
    select * from {{ ref('int_customer_reactions') }}
)

select
    customer_no,
    'brand_preference' as tag,
    brand_preference as tag_value,
    brand_share as confidence,
    preferred_brand_line_count || ' of ' || brand_line_count || ' lines with a brand' as evidence,
    {{ no_day }} as valid_from_on
from tastes
where brand_preference is not null

union all

select
    customer_no,
    'category_preference' as tag,
    category_preference as tag_value,
    category_share as confidence,
    preferred_category_line_count || ' of ' || category_line_count || ' lines with a category' as evidence,
    {{ no_day }} as valid_from_on
from tastes
where category_preference is not null

union all

select
    customer_no,
    'price_band' as tag,
    price_band as tag_value,
    1 as confidence,
    average_line_amount || ' a line over ' || priced_line_count || ' lines' as evidence,
    {{ no_day }} as valid_from_on
from tastes
where price_band is not null

union all

select
    customer_no,
    'channel_preference' as tag,
    channel_preference as tag_value,
    channel_share as confidence,
    most_used_channel_purchase_count || ' of ' || purchase_count || ' purchases' as evidence,
    {{ no_day }} as valid_from_on
from habits
where channel_preference is not null

union all

select
    customer_no,
    'promotion_sensitivity' as tag,
    promotion_sensitivity as tag_value,
    1 as confidence,
    discounted_purchase_count || ' of ' || purchase_count || ' purchases with a discount or coupon' as evidence,
    {{ no_day }} as valid_from_on
from habits
where promotion_sensitivity is not null

union all

select
    customer_no,
    'send_time_preference' as tag,
    send_time_preference as tag_value,
    time_share as confidence,
    preferred_time_sign_count || ' of ' || time_sign_count || ' hours with an open, click or visit' as evidence,
    {{ no_day }} as valid_from_on
from reactions
where send_time_preference is not null

union all

select
    customer_no,
    'contact_preference' as tag,
    preferred_contact as tag_value,
    medium_share as confidence,
    preferred_medium_sign_count || ' of ' || medium_sign_count || ' opens and clicks' as evidence,
    {{ no_day }} as valid_from_on
from reactions
where preferred_contact is not null
