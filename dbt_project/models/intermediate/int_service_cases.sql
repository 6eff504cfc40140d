-- One row per service case: what metrics look at, and the channel, store and region of the order concerned.
{{ config(materialized='table') }}

with

tickets as (
    select * from {{ ref('fct_tickets') }}
),

orders as (
    select
        order_key,
        channel,
        store_key,
        region
    from {{ ref('fct_orders') }}
)

select
    tickets.created_on,
    tickets.channel,
    coalesce(orders.channel, 'unattributed') as order_channel,
    coalesce(orders.store_key, 'unattributed') as store,
    coalesce(orders.region, 'unattributed') as region,
    coalesce(tickets.ticket_type, 'unclassified') as ticket_type,
    tickets.status in ('open', 'pending') as is_open,
    tickets.first_response_seconds,
    tickets.was_answered_in_time,
    tickets.resolution_seconds,
    tickets.satisfaction_score,
    tickets.is_satisfied
from tickets
left join orders on tickets.order_key = orders.order_key
