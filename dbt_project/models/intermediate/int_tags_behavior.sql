-- One row per customer and tag of kind behavior that holds. `valid_from_on` is null where nothing but the refresh tells since when.
{%- set no_day = 'cast(null as date)' %}
with

activity as (
    select * from {{ ref('int_customer_activity') }}
),

browsing as (
    select * from {{ ref('int_customer_browsing') }}
),

habits as (
    select * from {{ ref('int_customer_habits') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

lifecycles as (
    select
        numbers.customer_no,
        stages.lifecycle_stage,
        stages.days_since_last_activity,
        history.valid_from_on
    from {{ ref('customer_lifecycle') }} as stages
    inner join {{ ref('int_customers') }} as numbers on stages.customer_id = numbers.customer_id
    left join {{ ref('customer_lifecycle_history') }} as history
        on stages.customer_id = history.customer_id and history.valid_to_on is null
)

select
    customer_no,
    'product_view_count' as tag,
    cast(product_view_count_7d as string) as tag_value,
    cast(1 as decimal(5, 4)) as confidence,
    product_view_count_30d || ' in 30 days' as evidence,
    {{ no_day }} as valid_from_on
from activity
where product_view_count_7d > 0

union all

select
    customer_no,
    'browsed_categories' as tag,
    browsed_categories_30d as tag_value,
    1 as confidence,
    browsed_view_count_30d || ' views of their products' as evidence,
    {{ no_day }} as valid_from_on
from browsing
where browsed_categories_30d is not null

union all

select
    customer_no,
    'cart_categories' as tag,
    cart_categories_30d as tag_value,
    1 as confidence,
    carted_add_count_30d || ' of their products put into a cart' as evidence,
    {{ no_day }} as valid_from_on
from browsing
where cart_categories_30d is not null

union all

select
    customer_no,
    'cart_add_count' as tag,
    cast(cart_add_count_30d as string) as tag_value,
    1 as confidence,
    cart_add_count_30d || ' products put into a cart' as evidence,
    {{ no_day }} as valid_from_on
from browsing
where cart_add_count_30d > 0

union all

select
    customer_no,
    'favorite_count' as tag,
    cast(favorite_count_365d as string) as tag_value,
    1 as confidence,
    favorite_count_365d || ' products marked' as evidence,
    {{ no_day }} as valid_from_on
from browsing
where favorite_count_365d > 0

union all

select
    customer_no,
    'dwell_time' as tag,
    cast(dwell_seconds_30d as string) as tag_value,
    1 as confidence,
    dwell_page_count_30d || ' pages that another one followed' as evidence,
    {{ no_day }} as valid_from_on
from browsing
where dwell_seconds_30d > 0

union all

select
    customer_no,
    'weekend_buyer' as tag,
    'true' as tag_value,
    weekend_share as confidence,
    weekend_purchase_count || ' of ' || purchase_count || ' purchases' as evidence,
    {{ no_day }} as valid_from_on
from habits
where is_weekend_buyer

union all

select
    customer_no,
    'night_buyer' as tag,
    'true' as tag_value,
    night_share as confidence,
    night_purchase_count || ' of ' || purchase_count || ' purchases' as evidence,
    {{ no_day }} as valid_from_on
from habits
where is_night_buyer

union all

select
    customer_no,
    'last_purchase' as tag,
    cast(last_purchased_on as string) as tag_value,
    1 as confidence,
    order_count_total || ' purchases to date' as evidence,
    last_purchased_on as valid_from_on
from totals
where last_purchased_on is not null

union all

select
    customer_no,
    'lifecycle_stage' as tag,
    lifecycle_stage as tag_value,
    1 as confidence,
    coalesce('last active ' || days_since_last_activity || ' days ago', 'never active') as evidence,
    valid_from_on
from lifecycles
