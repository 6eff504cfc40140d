-- One row per order that this build computes anew. Empty in a whole build.
{{ config(materialized='table') }}
{%- set orders = ref('stg_channel_orders') %}
{%- set records = ref('int_records') %}
{%- set touched_facts = ref('int_touched_facts') %}
{%- set refunds = ref('fct_refunds') %}
{%- set stores = ref('dim_stores') %}
with

{% if is_continuing() -%}
    stores_of_orders as (
        select distinct
            channel,
            store_id_channel,
            store_key,
            region
        from {{ last_built('fct_orders') }}
        where store_id_channel is not null
    ),

    -- a store that is of another region now, or is listed now
    moved_stores as (
        select
            stores_of_orders.channel,
            stores_of_orders.store_id_channel
        from stores_of_orders
        left join {{ stores }} as stores
            on stores_of_orders.channel = stores.channel and stores_of_orders.store_id_channel = stores.store_id_channel
        where stores_of_orders.store_key is distinct from stores.store_key or stores_of_orders.region is distinct from stores.region
    ),

    touched as (
        select arrived_orders.order_key
        from ({{ arrived(orders, ['ordered_at', 'paid_at']) }}) as arrived_orders

        union

        select orders.order_key
        from {{ orders }} as orders
        semi join {{ records }} as moved on orders.source_record_key = moved.source_record_key and moved.is_touched

        union

        -- a refund reduces its order, and no longer the one that it was taken for
        select refunds.order_key
        from {{ refunds }} as refunds
        semi join {{ touched_facts }} as touched_facts on refunds.refund_key = touched_facts.refund_key
        where refunds.order_key is not null

        union

        select former_order_key as order_key from {{ touched_facts }}
        where former_order_key is not null

        union

        select orders.order_key
        from {{ last_built('fct_orders') }} as orders
        semi join moved_stores on orders.channel = moved_stores.channel and orders.store_id_channel = moved_stores.store_id_channel
    )
{%- else -%}
    touched as (
        select orders.order_key from {{ orders }} as orders
        where false
    )
{%- endif %}

select order_key from touched
