-- More given back than paid: two refunds of one order under two numbers, or a refund matched to the wrong order. Worth a look, not a stop.
{{ config(severity='warn') }}

select
    order_key,
    paid_amount_original,
    refunded_amount_original
from {{ ref('fct_orders') }}
where order_type = 'sale' and refunded_amount_original > coalesce(paid_amount_original, 0)
