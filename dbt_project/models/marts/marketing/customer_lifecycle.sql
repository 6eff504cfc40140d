-- One row per customer: lifecycle stage as of the day of the run.
with

activity as (
    select * from {{ ref('int_customer_activity') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

measured as (
    select
        customers.customer_id,
        run_context.as_of,
        customers.registered_on,
        totals.first_purchased_on,
        activity.last_active_on,
        {{ days_between('totals.first_purchased_on', 'run_context.as_of') }} as days_since_first_purchase,
        {{ days_between('activity.last_active_on', 'run_context.as_of') }} as days_since_last_activity,
        coalesce(totals.order_count_mature, 0) as order_count_mature,
        run_context.lifecycle_new_within_days,
        run_context.lifecycle_churned_after_days,
        run_context.lifecycle_declining_after_days,
        run_context.lifecycle_mature_from_purchases
    from customers
    cross join run_context
    left join totals on customers.customer_no = totals.customer_no
    left join activity on customers.customer_no = activity.customer_no
)

select
    customer_id,
    as_of,
    {{ lifecycle_stage() }} as lifecycle_stage,
    registered_on,
    first_purchased_on,
    days_since_first_purchase,
    last_active_on,
    days_since_last_activity
from measured
