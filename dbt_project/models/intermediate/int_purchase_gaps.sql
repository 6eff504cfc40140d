-- One row per customer, category and day of purchase, with the days since the day before; category 0 stands for purchases of any kind.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_buyers'}}) }}
{%- set touched = asked('int_touched_buyers') %}

with

orders as (
    select * from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }}
    where is_purchase
),

sold as (
    select * from {{ touched_rows(ref('int_purchase_products'), touched, 'customer_no') }}
    where customer_no is not null
),

products as (
    select * from {{ ref('int_sold_products') }}
    where category_no is not null
),

days as (
    select distinct
        customer_no,
        0 as category_no,
        purchased_on
    from orders

    union all

    select distinct
        sold.customer_no,
        products.category_no,
        sold.purchased_on
    from sold
    inner join products on sold.product_no = products.product_no
),

previous_days as (
    select
        customer_no,
        category_no,
        purchased_on,
        lag(purchased_on) over (partition by customer_no, category_no order by purchased_on asc nulls last) as previous_purchased_on
    from days
)

select
    customer_no,
    category_no,
    purchased_on,
    {{ days_between('previous_purchased_on', 'purchased_on') }} as interval_days
from previous_days
where previous_purchased_on is not null
