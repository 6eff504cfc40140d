-- One row per refund, payment or coupon whose order is known: by own order number, else payment number, else merchant order number.
with

refunds as (
    select * from {{ ref('stg_channel_refunds') }}
),

payments as (
    select * from {{ ref('stg_channel_payments') }}
),

coupons as (
    select * from {{ ref('stg_channel_coupons') }}
),

orders as (
    select
        order_key,
        channel,
        order_no,
        payment_no
    from {{ ref('stg_channel_orders') }}
),

facts as (
    select
        refund_key as fact_key,
        'refund' as fact_type,
        channel,
        order_no,
        payment_no
    from refunds

    union all

    select
        payment_key as fact_key,
        'payment' as fact_type,
        channel,
        merchant_order_no as order_no,
        payment_no
    from payments

    union all

    select
        coupon_key as fact_key,
        'coupon' as fact_type,
        channel,
        order_no,
        null as payment_no
    from coupons
    where order_no is not null
),

-- a channel without orders is a payment platform or a system of coupons: its order numbers are those of some shop
selling_channels as (
    select distinct channel from orders
),

candidates as (
    select
        facts.fact_type,
        facts.fact_key,
        orders.order_key,
        1 as preference
    from facts
    inner join orders on facts.channel = orders.channel and facts.order_no = orders.order_no

    union all

    select
        facts.fact_type,
        facts.fact_key,
        orders.order_key,
        2 as preference
    from facts
    inner join orders on facts.payment_no = orders.payment_no

    union all

    select
        facts.fact_type,
        facts.fact_key,
        orders.order_key,
        3 as preference
    from facts
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
