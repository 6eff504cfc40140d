-- One row per order of which this build computes the purchase or its lines anew: the number of its purchase in the last build. Empty in a
-- whole build.
{{ config(materialized='table') }}
{%- set orders = ref('int_touched_orders') %}
{%- set lines = ref('int_touched_lines') %}
{%- set people = ref('int_touched_people') %}
{%- set facts = ref('fct_orders') %}
with

{% if is_continuing() -%}
    keys as (
        select order_key from {{ orders }}

        union

        select order_key from {{ lines }}

        union

        -- of somebody who is in the golden records since, or no longer
        select facts.order_key
        from {{ facts }} as facts
        semi join {{ people }} as people on facts.customer_id = people.customer_id
    ),

    last_purchases as (
        select
            order_key,
            purchase_no
        from {{ last_built('int_purchases') }}
    ),

    touched as (
        select
            keys.order_key,
            last_purchases.purchase_no
        from keys
        left join last_purchases on keys.order_key = last_purchases.order_key
    )
{%- else -%}
    touched as (
        select
            orders.order_key,
            cast(null as bigint) as purchase_no
        from {{ orders }} as orders
        where false
    )
{%- endif %}

select
    order_key,
    purchase_no
from touched
