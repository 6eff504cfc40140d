-- One row per customer who has bought: the first and the second day of purchase, and purchases within 30 days after registration.
{{ config(materialized='table') }}

with

purchases as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

customers as (
    select * from {{ ref('int_customers') }}
)

select
    purchases.customer_no,
    totals.first_purchased_on,
    customers.registered_on,
    min(case when purchases.purchased_on > totals.first_purchased_on then purchases.purchased_on end) as second_purchased_on,
    count(
        case
            when
                purchases.purchased_on >= customers.registered_on
                and purchases.purchased_on <= {{ add_days('customers.registered_on', 30) }}
                then 1
        end
    ) as registration_order_count_30d
from purchases
inner join totals on purchases.customer_no = totals.customer_no
inner join customers on purchases.customer_no = customers.customer_no
group by purchases.customer_no, totals.first_purchased_on, customers.registered_on
