-- One row per order that this build computes anew. Empty in a whole build.
{{ config(materialized='table') }}
{%- set facts = ref('stg_channel_orders') %}
{%- set records = ref('int_records') %}
{%- set refunds = ref('int_refund_orders') %}
{%- set stores = ref('dim_stores') %}
with

{% if is_continuing() -%}
    touched_refunds as (
        select * from {{ refunds }}
        where is_touched
    ),

    -- a store that is of another region now, or is listed now
    moved_stores as (
        select orders.order_key
        from {{ last_built('fct_orders') }} as orders
        left join {{ stores }} as stores on orders.channel = stores.channel and orders.store_id_channel = stores.store_id_channel
        where orders.store_key is distinct from stores.store_key or orders.region is distinct from stores.region
    ),

    touched as (
        {{ touched_keys(facts, 'order_key', ['ordered_at', 'paid_at'], records) }}

        union

        -- a refund reduces its order, and no longer the one that it was taken for
        select order_key from touched_refunds
        where order_key is not null

        union

        select former_order_key as order_key from touched_refunds
        where former_order_key is not null

        union

        select order_key from moved_stores
    )
{%- else -%}
    touched as (
        select facts.order_key from {{ facts }} as facts
        where false
    )
{%- endif %}

select * from touched
