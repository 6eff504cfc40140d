-- One row per customer and order, or movement that names no known order, of which points are expected or recorded: both figures.
--
-- Points are expected of purchases in channels whose orders a ledger has named, from the day of the first such booking on, and of customers
-- with an account: a record in a channel that keeps a ledger. What is earned or adjusted is recorded; redeeming and expiry are no claim.
{{ config(materialized='table') }}

with

movements as (
    select * from {{ ref('fct_points') }}
    where reason in ('earned', 'adjusted')
),

ledgers as (
    select distinct channel from {{ ref('stg_channel_points') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

orders as (
    select
        order_key,
        channel,
        customer_id,
        is_purchase,
        purchased_on,
        net_amount
    from {{ ref('fct_orders') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

accounts as (
    select identities.customer_id
    from identities
    inner join ledgers on split_part(identities.source_record_key, ':', 1) = ledgers.channel

    union

    select customer_id
    from movements
    where customer_id is not null
),

programs as (
    select
        orders.channel,
        min(movements.occurred_on) as first_booked_on
    from movements
    inner join orders on movements.order_key = orders.order_key
    group by orders.channel
),

recorded as (
    select
        customers.customer_no,
        movements.order_key,
        cast(sum(movements.points_delta) as bigint) as points_recorded,
        cast(sum(case when movements.reason = 'earned' then movements.points_delta else 0 end) as bigint) as points_earned,
        max(movements.occurred_on) as last_booked_on
    from movements
    inner join customers on movements.customer_id = customers.customer_id
    where movements.order_key is not null
    group by customers.customer_no, movements.order_key
),

expected as (
    select
        customers.customer_no,
        orders.order_key,
        orders.purchased_on,
        orders.purchased_on >= programs.first_booked_on as is_in_program,
        -- a cent of another currency that is left of an order may be less than nothing in the reporting currency
        cast(greatest(floor(orders.net_amount * run_context.loyalty_points_per_unit), 0) as bigint) as points_expected
    from orders
    cross join run_context
    inner join programs on orders.channel = programs.channel
    inner join customers on orders.customer_id = customers.customer_id
    inner join accounts on orders.customer_id = accounts.customer_id
    where orders.is_purchase
),

compared as (
    select
        coalesce(expected.customer_no, recorded.customer_no) as customer_no,
        coalesce(expected.order_key, recorded.order_key) as order_key,
        coalesce(expected.purchased_on, recorded.last_booked_on) as day_on,
        coalesce(expected.points_expected, 0) as points_expected,
        coalesce(recorded.points_recorded, 0) as points_recorded,
        recorded.points_earned,
        expected.order_key is not null as is_expected,
        recorded.order_key is not null as is_recorded
    from expected
    full outer join recorded on expected.order_key = recorded.order_key and expected.customer_no = recorded.customer_no
    where expected.is_in_program or recorded.order_key is not null
),

items as (
    select
        compared.customer_no,
        compared.order_key,
        cast(null as varchar) as points_key,
        compared.day_on,
        compared.points_expected,
        compared.points_recorded,
        case
            when compared.points_recorded = compared.points_expected then null
            when not compared.is_recorded then 'not_recorded'
            -- a till takes goods back with a receipt of its own, so its sale stays whole
            when compared.is_expected and compared.points_earned = compared.points_expected then 'taken_back'
            when compared.is_expected then 'other_points'
            when orders.is_purchase then 'order_of_another'
            else 'no_purchase'
        end as reason
    from compared
    left join orders on compared.order_key = orders.order_key

    union all

    select
        customers.customer_no,
        null as order_key,
        movements.points_key,
        movements.occurred_on as day_on,
        0 as points_expected,
        movements.points_delta as points_recorded,
        case when movements.points_delta <> 0 then 'without_order' end as reason
    from movements
    inner join customers on movements.customer_id = customers.customer_id
    where movements.order_key is null
)

select
    items.customer_no,
    items.order_key,
    items.points_key,
    items.day_on,
    items.points_expected,
    items.points_recorded,
    items.reason,
    items.reason is not null
    and items.day_on > {{ add_days('run_context.as_of', '-run_context.reconciliation_pending_days') }} as is_pending
from items
cross join run_context
