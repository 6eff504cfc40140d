-- One row per customer who was ever given a coupon: those that can still be used at the end of the day, and those that were used.
{{ config(materialized='table') }}

with

coupons as (
    select * from {{ ref('fct_coupons') }}
    where customer_id is not null
),

customers as (
    select * from {{ ref('int_customers') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
),

judged as (
    select
        customers.customer_no,
        coupons.expires_at,
        coupons.is_redeemed,
        coupons.status = 'issued' and coalesce(coupons.expires_at >= context.as_of_end_at, true) as is_open
    from coupons
    inner join customers on coupons.customer_id = customers.customer_id
    cross join context
)

select
    customer_no,
    count(case when is_open then 1 end) as open_coupon_count,
    min(case when is_open then expires_at end) as next_coupon_expires_at,
    count(case when is_redeemed then 1 end) as redeemed_coupon_count
from judged
group by customer_no
