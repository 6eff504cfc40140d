-- One row per line of a purchase that was bought, not given or taken back, with the numbers of its purchase and product (0: names none).
{{ config(materialized='table') }}

with

purchases as (
    select
        order_key,
        purchase_no
    from {{ ref('int_purchases') }}
    where not is_gift
),

products as (
    select
        product_key,
        product_no
    from {{ ref('int_sold_products') }}
),

lines as (
    select
        order_key,
        product_key,
        quantity,
        line_amount
    from {{ ref('fct_order_lines') }}
    where
        line_type = 'sale'
        and (line_amount_original is null or line_amount_original > 0)
        and (quantity is null or quantity > 0)
)

select
    purchases.purchase_no,
    coalesce(products.product_no, 0) as product_no,
    lines.quantity,
    lines.line_amount
from lines
inner join purchases on lines.order_key = purchases.order_key
left join products on lines.product_key = products.product_key
