-- One row per customer: first and last sign of life of each kind, and the state of the cart.
{{ config(materialized='table') }}

with

customers as (
    select * from {{ ref('int_customers') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

interactions as (
    select * from {{ ref('fct_interactions') }}
    where customer_id is not null
),

customer_events as (
    select
        events.customer_no,
        min(events.occurred_at) as first_event_at,
        max(events.occurred_at) as last_event_at,
        max(case when events.event_name = 'product_added' then events.occurred_at end) as last_cart_at,
        max(case when events.event_name = 'order_completed' then events.occurred_at end) as last_checkout_at,
        count(
            case
                when events.event_name = 'product_viewed' and events.occurred_on > {{ add_days('run_context.as_of', -7) }} then 1
            end
        ) as product_view_count_7d,
        count(
            case
                when events.event_name = 'product_viewed' and events.occurred_on > {{ add_days('run_context.as_of', -30) }} then 1
            end
        ) as product_view_count_30d
    from {{ ref('int_customer_events') }} as events
    cross join run_context
    group by events.customer_no
),

customer_interactions as (
    select
        interactions.customer_id,
        min(interactions.occurred_at) as first_interaction_at,
        max(interactions.occurred_at) as last_interaction_at
    from interactions
    group by interactions.customer_id
),

joined as (
    select
        customers.customer_no,
        customers.customer_id,
        run_context.as_of,
        run_context.as_of_end_at,
        run_context.business_time_zone,
        customer_events.last_event_at,
        customer_events.last_cart_at,
        coalesce(customer_events.product_view_count_7d, 0) as product_view_count_7d,
        coalesce(customer_events.product_view_count_30d, 0) as product_view_count_30d,
        customer_interactions.last_interaction_at,
        least(
            customers.registered_at,
            customer_events.first_event_at,
            customer_interactions.first_interaction_at,
            totals.first_ordered_at,
            totals.first_purchased_at
        ) as known_at,
        greatest(customer_events.last_event_at, customer_interactions.last_interaction_at, totals.last_ordered_at) as last_active_at,
        greatest(customer_events.last_checkout_at, totals.last_ordered_at) as last_checkout_at
    from customers
    cross join run_context
    left join totals on customers.customer_no = totals.customer_no
    left join customer_events on customers.customer_no = customer_events.customer_no
    left join customer_interactions on customers.customer_id = customer_interactions.customer_id
),

carts as (
    select
        joined.*,
        coalesce(last_cart_at is not null and (last_checkout_at is null or last_checkout_at < last_cart_at), false) as has_open_cart
    from joined
)

select
    customer_no,
    customer_id,
    last_event_at,
    last_cart_at,
    product_view_count_7d,
    product_view_count_30d,
    last_interaction_at,
    known_at,
    {{ business_date('known_at', 'business_time_zone') }} as known_on,
    last_active_at,
    {{ business_date('last_active_at', 'business_time_zone') }} as last_active_on,
    has_open_cart,
    case
        when has_open_cart then cast(floor({{ seconds_between('last_cart_at', 'as_of_end_at') }} / 3600) as bigint)
    end as open_cart_hours
from carts
