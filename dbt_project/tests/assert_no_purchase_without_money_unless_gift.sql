-- A fully refunded order that stays a purchase keeps a customer "active" who gave everything back.
select
    order_key,
    paid_amount_original,
    refunded_amount_original
from {{ ref('fct_orders') }}
where is_purchase and not is_gift and net_amount_original <= 0
