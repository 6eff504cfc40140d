-- One row per refund: the order that it reduces, the one of the last build, and whether either or the refund itself is another now.
{{ config(materialized='table') }}
{%- set facts = ref('stg_channel_refunds') %}
with

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'refund'
),

refunds as (
    select distinct facts.refund_key from {{ facts }} as facts
),

referring as (
    select
        refunds.refund_key,
        order_references.order_key
    from refunds
    left join order_references on refunds.refund_key = order_references.fact_key
),

{% if is_continuing() -%}
    last_referring as (
        select
            refund_key,
            order_key
        from {{ this }}
    ),

    arrived_refunds as (
        {{ arrived(facts, ['refunded_at']) }}
    ),

    arrived_keys as (
        select distinct refund_key from arrived_refunds
    ),

    compared as (
        select
            referring.refund_key,
            referring.order_key,
            last_referring.order_key as former_order_key,
            last_referring.refund_key is null
            or arrived_keys.refund_key is not null
            or coalesce(referring.order_key, '') <> coalesce(last_referring.order_key, '') as is_touched
        from referring
        left join last_referring on referring.refund_key = last_referring.refund_key
        left join arrived_keys on referring.refund_key = arrived_keys.refund_key
    )
{%- else -%}
    compared as (
        select
            refund_key,
            order_key,
            order_key as former_order_key,
            false as is_touched
        from referring
    )
{%- endif %}

select * from compared
