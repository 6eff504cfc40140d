-- One row per customer with an order that is old enough, and reason to leave found around that order; `none_found` where there is none.
--
-- Those who left and those who stayed are asked the same: what happened around the last order that is at least as old as the days
-- looked at after it. With the very last order, whoever stayed would have had less time for anything to go wrong.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('fct_orders') }}
    where order_type = 'sale' and status in ('paid', 'shipped', 'completed', 'refunded')
),

-- who never bought cannot leave, whatever was ordered and given back
lifecycles as (
    select * from {{ ref('customer_lifecycle') }}
    where lifecycle_stage <> 'prospect'
),

customers as (
    select * from {{ ref('int_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- days of 24 hours: the zone of 16 million instants costs half a minute, and the hour of the order does not matter to who waits
timed as (
    select
        orders.channel,
        customers.customer_no,
        orders.ordered_on,
        orders.refunded_amount_original,
        floor({{ seconds_between('coalesce(orders.paid_at, orders.ordered_at)', 'orders.shipped_at') }} / 86400) as shipped_after_days,
        floor({{ seconds_between('coalesce(orders.paid_at, orders.ordered_at)', 'orders.completed_at') }} / 86400) as completed_after_days
    from orders
    left join customers on orders.customer_id = customers.customer_id
),

delays as (
    select
        channel,
        'shipped' as milestone,
        shipped_after_days as delay_days,
        count(*) as order_count
    from timed
    where shipped_after_days >= 0
    group by channel, shipped_after_days

    union all

    select
        channel,
        'completed' as milestone,
        completed_after_days as delay_days,
        count(*) as order_count
    from timed
    where completed_after_days >= 0
    group by channel, completed_after_days
),

accumulated_delays as (
    select
        channel,
        milestone,
        delay_days,
        cast(sum(order_count) over (
            partition by channel, milestone
            order by delay_days asc nulls last
            rows between unbounded preceding and current row
        ) as bigint) as cumulative_order_count,
        cast(sum(order_count) over (partition by channel, milestone) as bigint) as all_order_count
    from delays
),

-- the longest delay that is usual: the first that covers the quantile
usual_delays as (
    select
        accumulated_delays.channel,
        min(case when accumulated_delays.milestone = 'shipped' then accumulated_delays.delay_days end) as usual_shipped_days,
        min(case when accumulated_delays.milestone = 'completed' then accumulated_delays.delay_days end) as usual_completed_days
    from accumulated_delays
    cross join run_context
    where accumulated_delays.cumulative_order_count >= run_context.analysis_late_from_quantile * accumulated_delays.all_order_count
    group by accumulated_delays.channel
),

-- the window of each customer
last_orders as (
    select
        timed.customer_no,
        max(timed.ordered_on) as last_order_on
    from timed
    inner join run_context on timed.ordered_on <= {{ add_days('run_context.as_of', '-run_context.analysis_churn_reason_days') }}
    where timed.customer_no is not null
    group by timed.customer_no
),

windows as (
    select
        last_orders.customer_no,
        customers.customer_id,
        last_orders.last_order_on,
        {{ add_days('last_orders.last_order_on', '-run_context.analysis_churn_reason_days') }} as from_on,
        {{ add_days('last_orders.last_order_on', 'run_context.analysis_churn_reason_days') }} as to_on
    from last_orders
    inner join customers on last_orders.customer_no = customers.customer_no
    cross join run_context
),

window_orders as (
    select
        windows.customer_no,
        timed.ordered_on,
        timed.refunded_amount_original > 0 as is_refunded,
        coalesce(timed.shipped_after_days > usual_delays.usual_shipped_days, false)
        or coalesce(timed.completed_after_days > usual_delays.usual_completed_days, false) as is_late
    from timed
    inner join windows
        on
            timed.customer_no = windows.customer_no
            and timed.ordered_on >= windows.from_on
            and timed.ordered_on <= windows.last_order_on
    left join usual_delays on timed.channel = usual_delays.channel
),

facts as (
    select
        customer_no,
        'refund' as reason,
        ordered_on as happened_on
    from window_orders
    where is_refunded

    union all

    select
        customer_no,
        'late_delivery' as reason,
        ordered_on as happened_on
    from window_orders
    where is_late

    union all

    select
        windows.customer_no,
        'complaint' as reason,
        tickets.created_on as happened_on
    from {{ ref('fct_tickets') }} as tickets
    inner join windows
        on
            tickets.customer_id = windows.customer_id
            and tickets.created_on >= windows.from_on
            and tickets.created_on <= windows.to_on
    where tickets.ticket_type = 'complaint'

    union all

    select
        windows.customer_no,
        'low_score' as reason,
        reviews.reviewed_on as happened_on
    from {{ ref('fct_reviews') }} as reviews
    inner join windows
        on
            reviews.customer_id = windows.customer_id
            and reviews.reviewed_on >= windows.from_on
            and reviews.reviewed_on <= windows.to_on
    cross join run_context
    where
        reviews.score
        <= case reviews.review_type when 'nps' then run_context.service_detractor_up_to_score else run_context.analysis_low_score_up_to end
),

found as (
    select
        customer_no,
        reason,
        count(*) as fact_count,
        max(happened_on) as last_happened_on
    from facts
    group by customer_no, reason
)

select
    windows.customer_id,
    lifecycles.lifecycle_stage,
    coalesce(found.reason, 'none_found') as reason,
    coalesce(found.fact_count, 0) as fact_count,
    found.last_happened_on,
    windows.last_order_on
from windows
inner join lifecycles on windows.customer_id = lifecycles.customer_id
left join found on windows.customer_no = found.customer_no
