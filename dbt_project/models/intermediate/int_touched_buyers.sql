-- One row per customer of whom this build computes anew what they buy: touched, or with a purchase of a product of which something else is
-- known now. Empty in a whole build.
{{ config(materialized='table') }}
{%- set touched = ref('int_touched_customers') %}
{%- set categories = ref('int_product_categories') %}
{%- set products = ref('int_sold_products') %}
{%- set lines = ref('fct_order_lines') %}
{%- set orders = ref('fct_orders') %}
{%- set customers = ref('int_customers') %}
with

{% if is_continuing() -%}
    touched_products as (
        select product_key from {{ categories }}
        where is_touched

        union

        select product_key from {{ products }}
        where is_touched
    ),

    order_keys as (
        select distinct lines.order_key
        from {{ lines }} as lines
        semi join touched_products on lines.product_key = touched_products.product_key
    ),

    buyers as (
        select
            customer_id,
            customer_no
        from {{ touched }}

        union

        select
            orders.customer_id,
            customers.customer_no
        from {{ orders }} as orders
        semi join order_keys on orders.order_key = order_keys.order_key
        inner join {{ customers }} as customers on orders.customer_id = customers.customer_id
    )
{%- else -%}
    buyers as (
        select
            touched.customer_id,
            touched.customer_no
        from {{ touched }} as touched
        where false
    )
{%- endif %}

select
    customer_id,
    customer_no
from buyers
