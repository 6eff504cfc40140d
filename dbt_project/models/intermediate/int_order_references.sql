-- One row per refund or payment whose order is known: by the own order number, else the payment number, else the merchant order number.
with

refunds as (
    select * from {{ ref('stg_channel_refunds') }}
),

payments as (
    select * from {{ ref('stg_channel_payments') }}
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
),

referenced as (
    {{ referenced_orders('facts') }}
)

select * from referenced
