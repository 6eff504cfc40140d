-- One row per purchase that is not a gift, with a number in this run; a gift of which money was given back has its row, too.
--
-- The number stands for the key in joins and groups and has no order: sorting eight million keys for it took more than the 2 GB there are.
-- A purchase keeps it as long as builds continue each other and nothing touches it.
{{ config(materialized='renewed', meta={'touched_by': {'order_key': 'int_touched_purchases'}}) }}
{%- set touched = asked('int_touched_purchases') %}

with

orders as (
    select * from {{ touched_rows(ref('fct_orders'), touched, 'order_key') }}
    where is_purchase and (not is_gift or net_amount <> 0)
),

{% if is_continuing() -%}
    -- the rows of a number that was given up may still wait to be deleted
    numbers as (
        select purchase_no from {{ this }}

        union all

        select purchase_no from {{ touched }}
    ),

    highest as (
        select coalesce(max(purchase_no), 0) as purchase_no from numbers
    ),
{%- else -%}
    highest as (
        select 0 as purchase_no
    ),
{%- endif %}

customers as (
    select * from {{ ref('int_customers') }}
)

select
    highest.purchase_no + {{ any_number() }} as purchase_no,
    orders.order_key,
    orders.channel,
    orders.is_gift,
    customers.customer_no,
    orders.purchased_on,
    orders.net_amount
from orders
cross join highest
left join customers on orders.customer_id = customers.customer_id
