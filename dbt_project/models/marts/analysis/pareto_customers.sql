-- One row per percent of the buyers of the trailing window, best first, and per RFM tier: who brings how much of the net amount.
--
-- Which of two customers with equal amounts stands on which side of a percent makes no difference to any sum.
with

orders as (
    select * from {{ ref('fct_orders') }}
    where is_purchase
),

scores as (
    select * from {{ ref('customer_rfm') }}
    where preset = 'monthly'
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

spent as (
    select
        orders.customer_id,
        count(*) as order_count,
        cast(sum(orders.net_amount) as decimal(18, 2)) as net_amount
    from orders
    inner join run_context on orders.purchased_on > {{ add_days('run_context.as_of', '-run_context.analysis_pareto_days') }}
    group by orders.customer_id
),

ordered as (
    select
        order_count,
        net_amount,
        row_number() over (order by net_amount desc nulls last, customer_id asc nulls last) as customer_rank,
        count(*) over () as all_customer_count
    from spent
    where customer_id is not null
),

sliced as (
    select
        'percent' as slice_type,
        cast(floor((customer_rank * 100 + all_customer_count - 1) / all_customer_count) as integer) as top_percent,
        null as rfm_tier,
        1 as customer_count,
        order_count,
        net_amount
    from ordered

    union all

    select
        'rfm_tier' as slice_type,
        null as top_percent,
        coalesce(scores.rfm_tier, 'unattributed') as rfm_tier,
        case when spent.customer_id is not null then 1 else 0 end as customer_count,
        spent.order_count,
        spent.net_amount
    from spent
    left join scores on spent.customer_id = scores.customer_id
),

slices as (
    select
        slice_type,
        top_percent,
        rfm_tier,
        cast(sum(customer_count) as bigint) as customer_count,
        cast(sum(order_count) as bigint) as order_count,
        cast(sum(net_amount) as decimal(18, 2)) as net_amount
    from sliced
    group by slice_type, top_percent, rfm_tier
),

accumulated as (
    select
        slices.*,
        sum(customer_count) over of_type as all_customer_count,
        sum(net_amount) over of_type as all_net_amount,
        case when slice_type = 'percent' then sum(customer_count) over so_far end as cumulative_customer_count,
        case when slice_type = 'percent' then sum(net_amount) over so_far end as cumulative_net_amount
    from slices
    window
        of_type as (partition by slice_type),
        so_far as (
            partition by slice_type order by top_percent asc nulls last, rfm_tier asc nulls last
            rows between unbounded preceding and current row
        )
)

select
    accumulated.slice_type,
    accumulated.top_percent,
    accumulated.rfm_tier,
    accumulated.customer_count,
    accumulated.order_count,
    accumulated.net_amount,
    run_context.reporting_currency as currency_code,
    cast(accumulated.customer_count as double) / nullif(accumulated.all_customer_count, 0) as customer_share_rate,
    cast(accumulated.net_amount as double) / nullif(cast(accumulated.all_net_amount as double), 0) as net_amount_share_rate,
    cast(accumulated.cumulative_customer_count as bigint) as cumulative_customer_count,
    cast(accumulated.cumulative_net_amount as decimal(18, 2)) as cumulative_net_amount,
    cast(accumulated.cumulative_net_amount as double) / nullif(cast(accumulated.all_net_amount as double), 0)
        as cumulative_net_amount_share_rate,
    run_context.as_of
from accumulated
cross join run_context
