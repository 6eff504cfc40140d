-- An order in a currency without a rate would have no amount in any metric: sales would shrink without a word.
{{ config(meta={'dagster': {'ref': {'name': 'fct_orders'}}}) }}

select distinct
    'fct_orders' as fact,
    currency_code_original
from {{ ref('fct_orders') }}
where paid_amount is null and paid_amount_original is not null

union all

select distinct
    'fct_order_lines' as fact,
    currency_code_original
from {{ ref('fct_order_lines') }}
where line_amount is null and line_amount_original is not null

union all

select distinct
    'fct_payments' as fact,
    currency_code_original
from {{ ref('fct_payments') }}
where paid_amount is null

union all

select distinct
    'fct_refunds' as fact,
    currency_code_original
from {{ ref('fct_refunds') }}
where refunded_amount is null
