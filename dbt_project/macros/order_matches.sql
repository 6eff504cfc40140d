{#
  CTEs, the last one `order_matches` (`key`, `order_key`): the order that each row of the CTE `facts` (`key`, channel, order_no,
  payment_no) is about. The channel's own order number decides, else the payment number, else the merchant's order number where the
  channel sells nothing itself, as payment platforms. A number that several orders share does not say which of them is meant.
  Each step looks only at what the steps before left over: payments are as many as orders.
#}
{% macro order_matches(key) -%}
    orders as (
        select
            order_key,
            channel,
            order_no,
            payment_no
        from {{ ref('stg_channel_orders') }}
    ),

    matched_by_order_no as (
        select
            facts.{{ key }},
            max(orders.order_key) as order_key
        from facts
        inner join orders on facts.channel = orders.channel and facts.order_no = orders.order_no
        group by facts.{{ key }}
        having min(orders.order_key) = max(orders.order_key)
    ),

    without_order_no as (
        select facts.*
        from facts
        anti join matched_by_order_no on facts.{{ key }} = matched_by_order_no.{{ key }}
    ),

    matched_by_payment_no as (
        select
            without_order_no.{{ key }},
            max(orders.order_key) as order_key
        from without_order_no
        inner join orders on without_order_no.payment_no = orders.payment_no
        group by without_order_no.{{ key }}
        having min(orders.order_key) = max(orders.order_key)
    ),

    without_payment_no as (
        select without_order_no.*
        from without_order_no
        anti join matched_by_payment_no on without_order_no.{{ key }} = matched_by_payment_no.{{ key }}
        anti join (select distinct channel from orders) as selling on without_order_no.channel = selling.channel
    ),

    matched_by_merchant_order_no as (
        select
            without_payment_no.{{ key }},
            max(orders.order_key) as order_key
        from without_payment_no
        inner join orders on without_payment_no.order_no = orders.order_no
        group by without_payment_no.{{ key }}
        having min(orders.order_key) = max(orders.order_key)
    ),

    order_matches as (
        select * from matched_by_order_no

        union all

        select * from matched_by_payment_no

        union all

        select * from matched_by_merchant_order_no
    )
{%- endmacro %}
