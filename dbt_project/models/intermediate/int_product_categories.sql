-- One row per product of which a brand or a category is known: from the list of products, else the category that most events tell up
-- to the last month end: tastes are monthly, and a product that changed its category within the month would change them. Touched are those
-- of which something else was known in the last build; one of which nothing is known any more stays for one build.
{{ config(materialized='table') }}

with

products as (
    select * from {{ ref('dim_products') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
),

event_counts as (
    select
        events.channel,
        events.product_id_channel,
        events.product_category,
        count(*) as event_count
    from {{ ref('fct_events') }} as events
    cross join context
    where events.product_id_channel is not null and events.product_category is not null and events.occurred_on <= context.month_end_on
    group by events.channel, events.product_id_channel, events.product_category
),

ranked as (
    select
        channel || ':' || product_id_channel as product_key,
        product_category,
        row_number() over (
            partition by channel, product_id_channel
            order by event_count desc nulls last, product_category asc nulls last
        ) as category_rank
    from event_counts
),

told_by_events as (
    select * from ranked
    where category_rank = 1
),

product_keys as (
    select product_key from products
    union
    select product_key from told_by_events
),

joined as (
    select
        product_keys.product_key,
        products.brand,
        coalesce(products.category, products.department, products.subcategory, told_by_events.product_category) as category,
        coalesce(products.department || ' / ', '')
        || coalesce(products.category || ' / ', '')
        || coalesce(products.subcategory || ' / ', '')
        || coalesce(told_by_events.product_category, '') as category_path
    from product_keys
    left join products on product_keys.product_key = products.product_key
    left join told_by_events on product_keys.product_key = told_by_events.product_key
),

known as (
    select * from joined
    where brand is not null or category is not null
),

{% if is_continuing() -%}
    last_known as (
        select * from {{ this }}
        where brand is not null or category is not null
    ),
{%- else -%}
    last_known as (
        select * from known
    ),
{%- endif %}

compared as (
    select
        coalesce(known.product_key, last_known.product_key) as product_key,
        known.brand,
        known.category,
        known.category_path,
        coalesce(known.product_key, '') <> coalesce(last_known.product_key, '')
        or coalesce(known.brand, '') <> coalesce(last_known.brand, '')
        or coalesce(known.category, '') <> coalesce(last_known.category, '')
        or coalesce(known.category_path, '') <> coalesce(last_known.category_path, '') as is_touched
    from known
    full outer join last_known on known.product_key = last_known.product_key
)

select
    product_key,
    brand,
    category,
    category_path,
    is_touched
from compared
