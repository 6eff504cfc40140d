-- One row per customer and time in a lifecycle stage, since the customer is known.
--
-- A stage can change only on days that follow from facts: a registration, the first purchase, activity after a pause, each of these plus a
-- threshold, and purchases that enter or leave the window of stage mature. On those days the rules of `customer_lifecycle` are asked,
-- with what was known by then; a day in between has the stage of the last such day.
{{ config(materialized='renewed', meta={'touched_by': {'customer_id': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

customers as (
    select * from {{ touched_rows(ref('int_customers'), touched, 'customer_no') }}
),

totals as (
    select * from {{ touched_rows(ref('int_customer_totals'), touched, 'customer_no') }}
),

orders as (
    select * from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }}
    where is_purchase
),

stretches as (
    select * from {{ ref('int_activity_stretches') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- whoever has fewer purchases in all never gets to stage mature
purchases as (
    select
        orders.customer_no,
        orders.purchased_on,
        {{ add_days('orders.purchased_on', 'run_context.lifecycle_mature_window_days') }} as left_on
    from orders
    inner join totals on orders.customer_no = totals.customer_no
    cross join run_context
    where totals.order_count_total >= run_context.lifecycle_mature_from_purchases
),

purchase_changes as (
    select
        customer_no,
        purchased_on as day_on,
        1 as order_count
    from purchases

    union all

    select
        customer_no,
        left_on as day_on,
        -1 as order_count
    from purchases
),

purchase_days as (
    select
        customer_no,
        day_on,
        sum(order_count) as order_count
    from purchase_changes
    group by customer_no, day_on
),

windowed as (
    select
        customer_no,
        day_on,
        sum(order_count) over (
            partition by customer_no
            order by day_on asc nulls last
            rows between unbounded preceding and current row
        ) as order_count,
        coalesce(
            sum(order_count) over (
                partition by customer_no
                order by day_on asc nulls last
                rows between unbounded preceding and 1 preceding
            ), 0
        ) as order_count_before
    from purchase_days
),

turns as (
    select
        windowed.customer_no,
        windowed.day_on,
        case when windowed.order_count >= run_context.lifecycle_mature_from_purchases then 1 else -1 end as mature_change
    from windowed
    cross join run_context
    where
        (windowed.order_count >= run_context.lifecycle_mature_from_purchases)
        <> (windowed.order_count_before >= run_context.lifecycle_mature_from_purchases)
),

dated as (
    select
        customer_no,
        day_on,
        cast(null as date) as active_until_on,
        mature_change
    from turns

    union all

    select
        customer_no,
        started_on as day_on,
        ended_on as active_until_on,
        0 as mature_change
    from stretches

    {%- for threshold in ['lifecycle_declining_after_days', 'lifecycle_churned_after_days'] %}

        union all

        select
            stretches.customer_no,
            {{ add_days('stretches.ended_on', 'run_context.' ~ threshold ~ ' + 1') }} as day_on,
            cast(null as date) as active_until_on,
            0 as mature_change
        from stretches
        cross join run_context
    {%- endfor %}

    union all

    select
        customer_no,
        registered_on as day_on,
        cast(null as date) as active_until_on,
        0 as mature_change
    from customers
    where registered_on is not null

    union all

    select
        customer_no,
        first_purchased_on as day_on,
        cast(null as date) as active_until_on,
        0 as mature_change
    from totals
    where first_purchased_on is not null

    union all

    select
        totals.customer_no,
        {{ add_days('totals.first_purchased_on', 'run_context.lifecycle_new_within_days + 1') }} as day_on,
        cast(null as date) as active_until_on,
        0 as mature_change
    from totals
    cross join run_context
    where totals.first_purchased_on is not null
),

changes as (
    select
        dated.customer_no,
        dated.day_on,
        max(dated.active_until_on) as active_until_on,
        sum(dated.mature_change) as mature_change
    from dated
    inner join run_context on dated.day_on <= run_context.as_of
    group by dated.customer_no, dated.day_on
),

-- within a stretch nobody is idle, so its last day stands for all of its days without telling anything of later ones
states as (
    select
        customer_no,
        day_on,
        max(active_until_on) over so_far as active_until_on,
        sum(mature_change) over so_far as is_mature
    from changes
    window so_far as (
        partition by customer_no
        order by day_on asc nulls last
        rows between unbounded preceding and current row
    )
),

measured as (
    select
        states.customer_no,
        states.day_on,
        case when customers.registered_on <= states.day_on then customers.registered_on end as registered_on,
        case when totals.first_purchased_on <= states.day_on then totals.first_purchased_on end as first_purchased_on,
        case
            when totals.first_purchased_on <= states.day_on
                then {{ days_between('totals.first_purchased_on', 'states.day_on') }}
        end as days_since_first_purchase,
        {{ days_between('states.active_until_on', 'states.day_on') }} as days_since_last_activity,
        states.is_mature * run_context.lifecycle_mature_from_purchases as order_count_mature,
        run_context.lifecycle_new_within_days,
        run_context.lifecycle_churned_after_days,
        run_context.lifecycle_declining_after_days,
        run_context.lifecycle_mature_from_purchases
    from states
    inner join customers on states.customer_no = customers.customer_no
    cross join run_context
    left join totals on states.customer_no = totals.customer_no
),

staged as (
    select
        customer_no,
        day_on,
        {{ lifecycle_stage() }} as lifecycle_stage
    from measured
),

compared as (
    select
        customer_no,
        day_on,
        lifecycle_stage,
        lag(lifecycle_stage) over (partition by customer_no order by day_on asc nulls last) as previous_stage
    from staged
),

changed as (
    select
        customer_no,
        lifecycle_stage,
        day_on as valid_from_on,
        lead(day_on) over (partition by customer_no order by day_on asc nulls last) as valid_to_on
    from compared
    where previous_stage is null or previous_stage <> lifecycle_stage
)

select
    customers.customer_id,
    changed.lifecycle_stage,
    changed.valid_from_on,
    changed.valid_to_on
from changed
inner join customers on changed.customer_no = customers.customer_no
