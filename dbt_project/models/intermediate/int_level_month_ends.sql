-- One row per complete month and member level: customers of that level at its end, of those who bought in the 365 days before.
--
-- A purchase counts at the month ends from its own month up to, not including, the month in which its window ends: a change at each end,
-- and a running sum over them. Levels then come and go in the months of changes, and are counted without a row a customer and month.
with

purchases as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

months as (
    select period_start as month_start
    from {{ ref('int_periods') }}
    where period_grain = 'month' and not is_open
),

changes as (
    select
        customer_no,
        {{ start_of('month', 'purchased_on') }} as change_month,
        1 as order_count,
        net_amount
    from purchases

    union all

    select
        customer_no,
        {{ start_of('month', add_days('purchased_on', 365)) }} as change_month,
        -1 as order_count,
        -net_amount as net_amount
    from purchases
),

changed as (
    select
        customer_no,
        change_month,
        sum(order_count) as order_count,
        sum(net_amount) as net_amount
    from changes
    group by customer_no, change_month
),

states as (
    select
        customer_no,
        change_month,
        sum(order_count) over so_far as order_count,
        sum(net_amount) over so_far as net_amount,
        lead(change_month) over (partition by customer_no order by change_month asc nulls last) as next_change_month
    from changed
    window so_far as (
        partition by customer_no
        order by change_month asc nulls last
        rows between unbounded preceding and current row
    )
),

leveled as (
    select
        states.change_month,
        states.next_change_month,
        {{ member_level('states.net_amount', 'states.order_count') }} as level
    from states
    cross join run_context
    where states.order_count > 0
),

moves as (
    select
        level,
        change_month,
        count(*) as customer_change
    from leveled
    group by level, change_month

    union all

    select
        level,
        next_change_month as change_month,
        -count(*) as customer_change
    from leveled
    where next_change_month is not null
    group by level, next_change_month
),

levels as (
    select 'normal' as level
    union all
    select 'silver' as level
    union all
    select 'gold' as level
)

select
    months.month_start,
    levels.level,
    cast(coalesce(sum(moves.customer_change), 0) as bigint) as customer_count
from months
cross join levels
left join moves on levels.level = moves.level and months.month_start >= moves.change_month
group by months.month_start, levels.level
