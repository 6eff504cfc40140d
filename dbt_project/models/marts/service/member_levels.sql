-- One row per member level: what it takes within 365 days; either bound is enough.
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

levels as (
    select
        'normal' as level,
        1 as level_no,
        cast(null as decimal(18, 2)) as net_amount_from,
        cast(null as bigint) as order_count_from
    from run_context

    union all

    select
        'silver' as level,
        2 as level_no,
        loyalty_silver_from_amount as net_amount_from,
        loyalty_silver_from_purchases as order_count_from
    from run_context

    union all

    select
        'gold' as level,
        3 as level_no,
        loyalty_gold_from_amount as net_amount_from,
        loyalty_gold_from_purchases as order_count_from
    from run_context
)

select
    level,
    level_no,
    net_amount_from,
    order_count_from
from levels
