-- One row per segment, metric and arm: customers, the sum and the sum of squares of what the metric measures on each of them.
-- Sums of decimals, so that the order of the rows changes no digit.
with

outcomes as (
    select * from {{ ref('int_segment_outcomes') }}
),

sums as (
    select
        segment_name,
        arm,
        count(*) as customer_count,
        sum(net_amount) as net_amount,
        sum(cast(net_amount * net_amount as decimal(38, 4))) as squared_net_amount,
        sum(case when order_count > 0 then 1 else 0 end) as buyer_count,
        sum(has_opened) as opener_count,
        sum(has_clicked) as clicker_count,
        max(assigned_on) as last_assigned_on
    from outcomes
    group by segment_name, arm
),

measured as (
    select
        segment_name,
        arm,
        customer_count,
        last_assigned_on,
        'revenue_per_customer' as metric,
        cast(net_amount as double) as total,
        cast(squared_net_amount as double) as total_squares
    from sums

    union all

    -- a share is a mean of ones and noughts, which are their own squares
    {% for metric, count in [('purchase_rate', 'buyer_count'), ('open_rate', 'opener_count'), ('click_rate', 'clicker_count')] -%}
        select
            segment_name,
            arm,
            customer_count,
            last_assigned_on,
            '{{ metric }}' as metric,
            cast({{ count }} as double) as total,
            cast({{ count }} as double) as total_squares
        from sums
        {{- '\n\n        union all\n\n    ' if not loop.last }}
    {%- endfor %}
)

select
    segment_name,
    metric,
    arm,
    customer_count,
    total,
    total_squares,
    last_assigned_on
from measured
-- nobody opens what nobody sent
where arm <> 'held_out' or metric in ('revenue_per_customer', 'purchase_rate')
