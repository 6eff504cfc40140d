{#
  One row per fact of `facts` whose order is known: by the channel's own order number, else the payment number, else, where the channel sells
  nothing itself, the order number of any shop. Reads `fact_type, fact_key, channel, order_no, payment_no`.
#}
{% macro referenced_orders(facts) -%}
    with

    orders as (
        select
            order_key,
            channel,
            order_no,
            payment_no
        from {{ ref('stg_channel_orders') }}
    ),

    -- a channel without orders is a payment platform, a help desk or a loyalty program: its order numbers are those of some shop
    selling_channels as (
        select distinct channel from orders
    ),

    candidates as (
        select
            facts.fact_type,
            facts.fact_key,
            orders.order_key,
            1 as preference
        from {{ facts }} as facts
        inner join orders on facts.channel = orders.channel and facts.order_no = orders.order_no

        union all

        select
            facts.fact_type,
            facts.fact_key,
            orders.order_key,
            2 as preference
        from {{ facts }} as facts
        inner join orders on facts.payment_no = orders.payment_no

        union all

        select
            facts.fact_type,
            facts.fact_key,
            orders.order_key,
            3 as preference
        from {{ facts }} as facts
        inner join orders on facts.order_no = orders.order_no
        left join selling_channels on facts.channel = selling_channels.channel
        where selling_channels.channel is null
    ),

    -- a number that several orders share does not say which of them is meant
    unambiguous as (
        select
            fact_type,
            fact_key,
            preference,
            max(order_key) as order_key
        from candidates
        group by fact_type, fact_key, preference
        having min(order_key) = max(order_key)
    ),

    preferred as (
        select
            fact_type,
            fact_key,
            min(preference) as preference
        from unambiguous
        group by fact_type, fact_key
    )

    select
        unambiguous.fact_type,
        unambiguous.fact_key,
        unambiguous.order_key
    from unambiguous
    inner join preferred
        on
            unambiguous.fact_type = preferred.fact_type
            and unambiguous.fact_key = preferred.fact_key
            and unambiguous.preference = preferred.preference
{%- endmacro %}
