-- One row per customer who has ordered: first and last purchase, counts and money over the windows that the marts look at.
{{ config(materialized='table') }}

with

orders as (
    select * from {{ ref('int_customer_orders') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

presets as (
    select * from {{ ref('int_rfm_presets') }}
),

-- the last day before each trailing window
windows as (
    select
        {{ add_days('run_context.as_of', -30) }} as before_30d_on,
        {{ add_days('run_context.as_of', -90) }} as before_90d_on,
        {{ add_days('run_context.as_of', -365) }} as before_365d_on,
        {{ add_days('run_context.as_of', '-monthly.window_days') }} as before_monthly_on,
        {{ add_days('run_context.as_of', '-annual.window_days') }} as before_annual_on,
        {{ add_days('run_context.as_of', '-run_context.rfm_class_window_days') }} as before_class_on,
        {{ add_days('run_context.as_of', '-run_context.lifecycle_mature_window_days') }} as before_mature_on
    from run_context
    cross join presets as monthly
    cross join presets as annual
    where monthly.preset = 'monthly' and annual.preset = 'annual'
)

select
    orders.customer_no,
    min(orders.ordered_at) as first_ordered_at,
    max(orders.ordered_at) as last_ordered_at,
    min(orders.purchased_on) as first_purchased_on,
    max(orders.purchased_on) as last_purchased_on,
    min(orders.purchased_at) as first_purchased_at,
    max(orders.purchased_at) as last_purchased_at,
    count(orders.purchased_on) as order_count_total,
    {% for window in ['30d', '90d', '365d', 'monthly', 'annual', 'class', 'mature'] -%}
        count(case when orders.purchased_on > windows.before_{{ window }}_on then 1 end) as order_count_{{ window }},
        cast(
            sum(case when orders.purchased_on > windows.before_{{ window }}_on then orders.net_amount else 0 end) as decimal(18, 2)
        ) as net_amount_{{ window }},
    {% endfor -%}
    cast(sum(case when orders.is_purchase then orders.net_amount else 0 end) as decimal(18, 2)) as net_amount_total
from orders
cross join windows
group by orders.customer_no
