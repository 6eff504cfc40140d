-- One row per customer with at least two days of purchase, for purchases of any kind and for each category: the usual days between them.
with

gaps as (
    select * from {{ ref('int_purchase_gaps') }}
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

numbered as (
    select
        customer_no,
        category_no,
        purchased_on,
        interval_days,
        row_number() over (partition by customer_no, category_no order by interval_days asc nulls last) as interval_no,
        count(*) over (partition by customer_no, category_no) as interval_count
    from gaps
),

-- the middle one, or the mean of the two in the middle
measured as (
    select
        customer_no,
        category_no,
        max(purchased_on) as last_purchased_on,
        max(interval_count) as interval_count,
        min(interval_days) as shortest_interval_days,
        max(interval_days) as longest_interval_days,
        cast(sum(interval_days) as double) / max(interval_count) as mean_interval_days,
        avg(cast(case when 2 * interval_no between interval_count and interval_count + 2 then interval_days end as double))
            as median_interval_days
    from numbered
    group by customer_no, category_no
),

expected as (
    select
        measured.*,
        run_context.as_of,
        case
            when measured.interval_count >= run_context.analysis_interval_from_count
                then {{ add_days('measured.last_purchased_on', 'floor(measured.median_interval_days + 0.5)') }}
        end as expected_on
    from measured
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
