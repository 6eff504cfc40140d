-- One row per customer who bought or has a loyalty account: what they lose soon unless they buy or spend points.
--
-- Points are spent oldest first. One that was booked on a day is good for loyalty.points_lifetime_days after it: nobody delivers that
-- rule, so without the setting no point is said to expire.
{{ config(materialized='table') }}

with

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select * from {{ ref('int_customer_orders') }}
),

movements as (
    select * from {{ ref('fct_points') }}
    where customer_id is not null
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

days as (
    select
        *,
        {{ add_days('as_of', -365) }} as before_now_on,
        {{ add_days('as_of', 'loyalty_level_notice_days - 365') }} as before_then_on,
        {{ add_days('as_of', '-loyalty_points_lifetime_days') }} as expired_up_to_on,
        {{ add_days('as_of', 'loyalty_points_notice_days - loyalty_points_lifetime_days') }} as expiring_up_to_on
    from run_context
),

spent as (
    select
        orders.customer_no,
        count(case when orders.purchased_on > days.before_now_on then 1 end) as order_count_now,
        sum(case when orders.purchased_on > days.before_now_on then orders.net_amount else 0 end) as net_amount_now,
        count(case when orders.purchased_on > days.before_then_on then 1 end) as order_count_then,
        sum(case when orders.purchased_on > days.before_then_on then orders.net_amount else 0 end) as net_amount_then
    from orders
    cross join days
    group by orders.customer_no
),

leveled as (
    select
        spent.customer_no,
        {{ member_level('spent.net_amount_now', 'spent.order_count_now') }} as level_now,
        {{ member_level('spent.net_amount_then', 'spent.order_count_then') }} as level_then
    from spent
    cross join days
),

-- of what was booked up to a day, the part that nothing has used up yet is left
booked as (
    select
        customers.customer_no,
        max(days.loyalty_points_lifetime_days) as lifetime_days,
        sum(case when movements.points_delta < 0 then movements.points_delta else 0 end) as used_points,
        sum(
            case when movements.points_delta > 0 and movements.occurred_on <= days.expiring_up_to_on then movements.points_delta else 0 end
        ) as expiring_points,
        sum(
            case when movements.points_delta > 0 and movements.occurred_on <= days.expired_up_to_on then movements.points_delta else 0 end
        ) as expired_points
    from movements
    inner join customers on movements.customer_id = customers.customer_id
    cross join days
    group by customers.customer_no
)

select
    customers.customer_no,
    coalesce(leveled.level_now <> leveled.level_then and (leveled.level_now = 'gold' or leveled.level_then = 'normal'), false)
        as is_level_about_to_drop,
    case
        when booked.lifetime_days is not null
            then
                cast(
                    greatest(booked.expiring_points + booked.used_points, 0) - greatest(booked.expired_points + booked.used_points, 0)
                    as bigint
                )
    end as points_expiring
from customers
left join leveled on customers.customer_no = leveled.customer_no
left join booked on customers.customer_no = booked.customer_no
where leveled.customer_no is not null or booked.customer_no is not null
