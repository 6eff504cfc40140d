-- One row per customer with an event in the trailing year: what was looked at, put into carts and marked, and for how long.
{{ config(materialized='table') }}

with

context as (
    select * from {{ ref('int_tag_context') }}
),

events as (
    select
        events.customer_no,
        events.channel,
        events.event_name,
        events.occurred_at,
        events.product_category,
        events.is_visit,
        events.occurred_on > context.before_30d_on as is_in_30d
    from {{ ref('int_customer_events') }} as events
    cross join context
    where events.occurred_on > context.before_365d_on
),

counts as (
    select
        customer_no,
        count(case when event_name = 'product_added' and is_in_30d then 1 end) as cart_add_count_30d,
        count(case when event_name = 'product_favorited' then 1 end) as favorite_count_365d
    from events
    group by customer_no
),

-- the export tells a customer and not a device: two devices at a time are one visit
pages as (
    select
        customer_no,
        occurred_at,
        lag(occurred_at) over (partition by customer_no, channel order by occurred_at asc nulls last) as previous_at
    from events
    where is_visit and is_in_30d
),

gaps as (
    select
        pages.customer_no,
        {{ seconds_between('pages.previous_at', 'pages.occurred_at') }} as gap_seconds,
        context.tags_dwell_cap_seconds
    from pages
    cross join context
    where pages.previous_at is not null
),

dwelling as (
    select
        customer_no,
        cast(sum(gap_seconds) as bigint) as dwell_seconds_30d,
        count(*) as dwell_page_count_30d
    from gaps
    where gap_seconds <= tags_dwell_cap_seconds
    group by customer_no
),

category_counts as (
    select
        customer_no,
        event_name,
        product_category,
        count(*) as event_count
    from events
    where is_in_30d and event_name in ('product_viewed', 'product_added') and product_category is not null
    group by customer_no, event_name, product_category
),

ranked as (
    select
        category_counts.*,
        row_number() over (
            partition by customer_no, event_name
            order by event_count desc nulls last, product_category asc nulls last
        ) as category_rank
    from category_counts
),

categories as (
    select
        ranked.customer_no,
        ranked.event_name,
        {{ listed_text('ranked.product_category', 'ranked.category_rank') }} as categories,
        sum(ranked.event_count) as event_count
    from ranked
    cross join context
    where ranked.category_rank <= context.tags_listed_values
    group by ranked.customer_no, ranked.event_name
)

select
    counts.customer_no,
    counts.cart_add_count_30d,
    counts.favorite_count_365d,
    coalesce(dwelling.dwell_seconds_30d, 0) as dwell_seconds_30d,
    coalesce(dwelling.dwell_page_count_30d, 0) as dwell_page_count_30d,
    browsed.categories as browsed_categories_30d,
    cast(coalesce(browsed.event_count, 0) as bigint) as browsed_view_count_30d,
    carted.categories as cart_categories_30d,
    cast(coalesce(carted.event_count, 0) as bigint) as carted_add_count_30d
from counts
left join dwelling on counts.customer_no = dwelling.customer_no
left join categories as browsed on counts.customer_no = browsed.customer_no and browsed.event_name = 'product_viewed'
left join categories as carted on counts.customer_no = carted.customer_no and carted.event_name = 'product_added'
