-- One row per customer with a loyalty account: points expected against points recorded, and the balance.
with

customers as (
    select * from {{ ref('int_customers') }}
),

movements as (
    select * from {{ ref('fct_points') }}
),

items as (
    select * from {{ ref('int_points_items') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

moved as (
    select
        customer_id,
        {% for reason in ['earned', 'adjusted', 'redeemed', 'expired'] -%}
            cast(sum(case when reason = '{{ reason }}' then points_delta else 0 end) as bigint) as points_{{ reason }},
        {% endfor -%}
        cast(sum(points_delta) as bigint) as points_balance,
        max(occurred_on) as last_moved_on
    from movements
    where customer_id is not null
    group by customer_id
),

compared as (
    select
        customer_no,
        cast(sum(points_expected) as bigint) as points_expected,
        cast(sum(points_recorded) as bigint) as points_recorded,
        count(reason) as difference_count,
        count(case when is_pending then 1 end) as pending_difference_count
    from items
    group by customer_no
)

select
    customers.customer_id,
    coalesce(compared.points_expected, 0) as points_expected,
    coalesce(compared.points_recorded, 0) as points_recorded,
    coalesce(compared.points_recorded, 0) - coalesce(compared.points_expected, 0) as points_difference,
    coalesce(compared.difference_count, 0) as difference_count,
    coalesce(compared.pending_difference_count, 0) as pending_difference_count,
    coalesce(moved.points_earned, 0) as points_earned,
    coalesce(moved.points_adjusted, 0) as points_adjusted,
    -coalesce(moved.points_redeemed, 0) as points_redeemed,
    -coalesce(moved.points_expired, 0) as points_expired,
    coalesce(moved.points_balance, 0) as points_balance,
    moved.last_moved_on,
    run_context.as_of
from customers
cross join run_context
left join moved on customers.customer_id = moved.customer_id
left join compared on customers.customer_no = compared.customer_no
where moved.customer_id is not null or compared.customer_no is not null
