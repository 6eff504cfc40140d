-- One row per number of days between two purchases that occurs, for purchases of any kind and for each category.
with

gaps as (
    select * from {{ ref('int_purchase_gaps') }}
),

products as (
    select * from {{ ref('int_sold_products') }}
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

counted as (
    select
        category_no,
        interval_days,
        count(*) as interval_count,
        count(distinct customer_no) as customer_count
    from gaps
    group by category_no, interval_days
),

accumulated as (
    select
        counted.*,
        cast(sum(interval_count) over (
            partition by category_no
            order by interval_days asc nulls last
            rows between unbounded preceding and current row
        ) as bigint) as cumulative_interval_count,
        cast(sum(interval_count) over (partition by category_no) as bigint) as all_interval_count
    from counted
)

select
    case when accumulated.category_no = 0 then 'all' else 'category' end as scope,
    categories.category,
    accumulated.interval_days,
    accumulated.interval_count,
    accumulated.customer_count,
    cast(accumulated.interval_count as double) / accumulated.all_interval_count as share_rate,
    cast(accumulated.cumulative_interval_count as double) / accumulated.all_interval_count as cumulative_rate,
    run_context.as_of
from accumulated
cross join run_context
left join categories on accumulated.category_no = categories.category_no
