-- One row per sold line of a purchase of a known customer in the windows of habits and life stages, which end with the last month.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_buyers'}}) }}
{%- set touched = asked('int_touched_buyers') %}

with

context as (
    select * from {{ ref('int_tag_context') }}
),

purchases as (
    select
        orders.order_key,
        customers.customer_no,
        orders.purchased_on
    from {{ touched_rows(ref('fct_orders'), touched, 'customer_id') }} as orders
    inner join {{ ref('int_customers') }} as customers on orders.customer_id = customers.customer_id
    cross join context
    where
        orders.is_purchase
        and orders.purchased_on <= context.month_end_on
        and orders.purchased_on > least(context.before_pattern_on, context.before_life_stage_on)
),

lines as (
    select
        order_key,
        product_key,
        line_amount
    from {{ ref('fct_order_lines') }}
    where line_type = 'sale'
),

products as (
    select * from {{ ref('int_product_categories') }}
)

select
    purchases.customer_no,
    purchases.purchased_on,
    purchases.purchased_on > context.before_pattern_on as is_in_pattern_window,
    products.brand,
    products.category,
    products.category_path,
    lines.line_amount
from lines
inner join purchases on lines.order_key = purchases.order_key
cross join context
left join products on lines.product_key = products.product_key
