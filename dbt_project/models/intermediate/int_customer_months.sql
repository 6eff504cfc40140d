-- One row per customer and month with a purchase, with the months of purchases before and after it.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

purchases as (
    select * from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }}
    where is_purchase
),

months as (
    select
        customer_no,
        {{ start_of('month', 'purchased_on') }} as purchase_month,
        count(*) as order_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from purchases
    group by customer_no, {{ start_of('month', 'purchased_on') }}
)

select
    customer_no,
    purchase_month,
    order_count,
    net_amount,
    min(purchase_month) over (partition by customer_no) as first_purchase_month,
    lag(purchase_month) over (partition by customer_no order by purchase_month asc nulls last) as previous_purchase_month,
    lead(purchase_month) over (partition by customer_no order by purchase_month asc nulls last) as next_purchase_month
from months
