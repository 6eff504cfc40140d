-- One row per customer with at least two days of purchase, for purchases of any kind and for each category: the usual days between them.
with

intervals as (
    select * from {{ ref('int_purchase_intervals') }}
),

products as (
    select * from {{ ref('int_sold_products') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

categories as (
    select distinct
        category_no,
        category
    from products
    where category_no is not null
),

expected as (
    select
        intervals.*,
        run_context.as_of,
        case
            when intervals.interval_count >= run_context.analysis_interval_from_count
                then {{ add_days('intervals.last_purchased_on', 'floor(intervals.median_interval_days + 0.5)') }}
        end as expected_on
    from intervals
    cross join run_context
)

select
    customers.customer_id,
    case when expected.category_no = 0 then 'all' else 'category' end as scope,
    categories.category,
    expected.interval_count,
    cast(expected.median_interval_days as decimal(9, 2)) as median_days_between,
    cast(expected.mean_interval_days as decimal(9, 2)) as mean_days_between,
    expected.shortest_interval_days,
    expected.longest_interval_days,
    expected.last_purchased_on,
    expected.expected_on,
    {{ days_between('expected.expected_on', 'expected.as_of') }} as overdue_days,
    expected.as_of
from expected
inner join customers on expected.customer_no = customers.customer_no
left join categories on expected.category_no = categories.category_no
