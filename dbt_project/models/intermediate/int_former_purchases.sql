-- One row per purchase and product sold in it of the last build, of touched customers, and of touched purchases of nobody. Empty in a whole
-- build.
{{ config(materialized='table') }}
{%- set customers = ref('int_touched_customers') %}
{%- set purchases = ref('int_touched_purchases') %}

{% if is_continuing() -%}
    select sold.*
    from {{ last_built('int_purchase_products') }} as sold
    where
        sold.customer_no in (select customers.customer_no from {{ customers }} as customers where customers.customer_no is not null)
        or (
            sold.customer_no is null
            and sold.purchase_no in (select purchases.purchase_no from {{ purchases }} as purchases where purchases.purchase_no is not null)
        )
{%- else -%}
    select purchase_no from {{ purchases }}
    where false
{%- endif %}
