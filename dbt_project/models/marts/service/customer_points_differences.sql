-- One row per customer and order, or movement that names no known order, of which other points are recorded than expected.
with

items as (
    select * from {{ ref('int_points_items') }}
),

customers as (
    select * from {{ ref('int_customers') }}
)

select
    customers.customer_id,
    items.order_key,
    items.points_key,
    items.day_on,
    items.reason,
    items.is_pending,
    items.points_expected,
    items.points_recorded,
    items.points_recorded - items.points_expected as points_difference
from items
inner join customers on items.customer_no = customers.customer_no
where items.reason is not null
