-- One row per product that a sold line names, with its number, and one row numbered 0 for all that names no product.
--
-- A product keeps its number as long as builds continue each other; its rank is its place among the keys of this run, by which ties are
-- broken.
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
        row_number() over (order by product_key asc nulls last) as product_rank
    from described
),

{% if is_continuing() -%}
    known as (
        select
            product_key,
            product_no
        from {{ this }}
    ),

    highest as (
        select max(product_no) as product_no from known
    ),

    -- the rank is another number for each: of the newcomers, too
    numbered as (
        select
            ranked.*,
            coalesce(known.product_no, highest.product_no + ranked.product_rank) as product_no
        from ranked
        cross join highest
        left join known on ranked.product_key = known.product_key
    )
{%- else -%}
    numbered as (
        select
            ranked.*,
            product_rank as product_no
        from ranked
    )
{%- endif %}

select
    product_no,
    product_rank,
    product_key,
    channel,
    product_name,
    case when category is not null then dense_rank() over (order by category asc nulls last) end as category_no,
    category,
    is_sold_by_volume
from numbered

union all

select
    0 as product_no,
    0 as product_rank,
    'unattributed' as product_key,
    null as channel,
    null as product_name,
    null as category_no,
    null as category,
    true as is_sold_by_volume
