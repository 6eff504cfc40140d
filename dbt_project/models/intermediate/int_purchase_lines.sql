-- One row per line of a purchase that was bought, not given or taken back, with the numbers of its purchase and product (0: names none).
-- In a build that continues the last, of touched purchases only.
{{ config(materialized='table') }}
{%- set touched = asked('int_touched_purchases') %}

with

purchases as (
    select
        order_key,
        purchase_no
    from {{ touched_rows(ref('int_purchases'), touched, 'order_key') }}
    where not is_gift
),

products as (
    select
        product_key,
        product_no,
        product_rank
    from {{ ref('int_sold_products') }}
),

lines as (
    select
        order_key,
        product_key,
        quantity,
        line_amount
    from {{ touched_rows(ref('fct_order_lines'), touched, 'order_key') }}
    where
        line_type = 'sale'
        and (line_amount_original is null or line_amount_original > 0)
        and (quantity is null or quantity > 0)
)

select
    purchases.purchase_no,
    coalesce(products.product_no, 0) as product_no,
    coalesce(products.product_rank, 0) as product_rank,
    lines.quantity,
    lines.line_amount
from lines
inner join purchases on lines.order_key = purchases.order_key
left join products on lines.product_key = products.product_key
