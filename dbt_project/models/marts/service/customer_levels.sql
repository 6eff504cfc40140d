-- One row per customer: the member level that the purchases of 365 days give, beside the one that a channel states.
with

customers as (
    select * from {{ ref('int_customers') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

attributes as (
    select * from {{ ref('dim_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

counted as (
    select
        customers.customer_id,
        coalesce(totals.order_count_365d, 0) as order_count_365d,
        coalesce(totals.net_amount_365d, 0) as net_amount_365d,
        attributes.member_level,
        ',' || lower(trim(attributes.member_level)) || ',' as stated_name,
        run_context.*
    from customers
    cross join run_context
    left join totals on customers.customer_no = totals.customer_no
    left join attributes on customers.customer_id = attributes.customer_id
),

leveled as (
    select
        *,
        {{ member_level('net_amount_365d', 'order_count_365d') }} as level,
        case
            when contains(loyalty_gold_names, stated_name) then 'gold'
            when contains(loyalty_silver_names, stated_name) then 'silver'
            when contains(loyalty_normal_names, stated_name) then 'normal'
        end as stated_level
    from counted
)

select
    customer_id,
    level,
    order_count_365d,
    cast(net_amount_365d as decimal(18, 2)) as net_amount_365d,
    reporting_currency as currency_code,
    member_level,
    stated_level,
    case
        when member_level is null then 'not_stated'
        when stated_level is null then 'unknown_name'
        when stated_level = level then 'agrees'
        when stated_level = 'gold' or level = 'normal' then 'stated_higher'
        else 'stated_lower'
    end as statement,
    coalesce(stated_level <> level, false) as is_different,
    as_of
from leveled
