-- One row per customer and stretch of activity: days that are never so far apart that the lifecycle stage could change in between.
-- In a build that continues the last, of touched customers only.
{%- set touched = asked('int_touched_customers') %}
with

activity as (
    select * from {{ touched_rows(ref('int_activity_days'), touched, 'customer_no') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

thresholds as (
    select least(lifecycle_declining_after_days, lifecycle_churned_after_days) as longest_gap_days from run_context
),

neighbors as (
    select
        customer_no,
        active_on,
        lag(active_on) over (partition by customer_no order by active_on asc nulls last) as previous_on,
        lead(active_on) over (partition by customer_no order by active_on asc nulls last) as next_on
    from activity
),

-- a stretch of one day is its own first and last day
edges as (
    select
        neighbors.customer_no,
        neighbors.active_on,
        neighbors.previous_on is null
        or {{ days_between('neighbors.previous_on', 'neighbors.active_on') }} > thresholds.longest_gap_days as is_first,
        neighbors.next_on is null
        or {{ days_between('neighbors.active_on', 'neighbors.next_on') }} > thresholds.longest_gap_days as is_last
    from neighbors
    cross join thresholds
),

paired as (
    select
        customer_no,
        active_on,
        is_first,
        is_last,
        lead(active_on) over (partition by customer_no order by active_on asc nulls last) as next_edge_on
    from edges
    where is_first or is_last
)

select
    customer_no,
    active_on as started_on,
    case when is_last then active_on else next_edge_on end as ended_on
from paired
where is_first
