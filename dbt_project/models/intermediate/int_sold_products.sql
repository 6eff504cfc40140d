-- One row per product that a sold line names, with its number, and one row numbered 0 for all that names no product.
--
-- A product and a category keep their numbers as long as builds continue each other; their ranks are their places among the keys and names
-- of this run, by which ties are broken. Touched are products that had another category in the last build.
-- Weighed and poured goods are told by their lines: one that is not whole, or most of them larger than anybody carries in pieces.
{{ config(materialized='table') }}

with

lines as (
    select
        product_key,
        channel,
        product_name,
        quantity
    from {{ ref('fct_order_lines') }}
    where line_type = 'sale' and product_key is not null
),

products as (
    select * from {{ ref('dim_products') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

sold as (
    select
        lines.product_key,
        lines.channel,
        max(lines.product_name) as product_name,
        count(case when lines.quantity <> floor(lines.quantity) then 1 end) > 0
        or 2 * count(case when lines.quantity >= run_context.analysis_volume_from_quantity then 1 end) > count(*) as is_sold_by_volume
    from lines
    cross join run_context
    group by lines.product_key, lines.channel
),

described as (
    select
        sold.product_key,
        sold.channel,
        coalesce(products.product_name, sold.product_name) as product_name,
        products.category,
        sold.is_sold_by_volume
    from sold
    left join products on sold.product_key = products.product_key
),

ranked as (
    select
        described.*,
        row_number() over (order by product_key asc nulls last) as product_rank,
        case when category is not null then dense_rank() over (order by category asc nulls last) end as category_rank
    from described
),

{% if is_continuing() -%}
    known as (
        select * from {{ this }}
    ),

    known_categories as (
        select distinct
            category,
            category_no
        from known
        where category is not null
    ),

    highest as (
        select
            max(product_no) as product_no,
            coalesce(max(category_no), 0) as category_no
        from known
    ),

    -- the rank is another number for each: of the newcomers, too
    numbered as (
        select
            ranked.*,
            coalesce(known.product_no, highest.product_no + ranked.product_rank) as product_no,
            coalesce(known_categories.category_no, highest.category_no + ranked.category_rank) as category_no,
            coalesce(ranked.category, '') <> coalesce(known.category, '') as is_touched
        from ranked
        cross join highest
        left join known on ranked.product_key = known.product_key
        left join known_categories on ranked.category = known_categories.category
    )
{%- else -%}
    numbered as (
        select
            ranked.*,
            product_rank as product_no,
            category_rank as category_no,
            false as is_touched
        from ranked
    )
{%- endif %}

select
    product_no,
    product_rank,
    product_key,
    channel,
    product_name,
    category_no,
    category_rank,
    category,
    is_sold_by_volume,
    is_touched
from numbered

union all

select
    0 as product_no,
    0 as product_rank,
    'unattributed' as product_key,
    null as channel,
    null as product_name,
    null as category_no,
    null as category_rank,
    null as category,
    true as is_sold_by_volume,
    false as is_touched
