-- One row per service case.
{{ config(materialized='renewed', meta={'touched_by': {'ticket_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

tickets as (
    {{ newest_touched_versions(ref('stg_channel_tickets'), touched, 'ticket_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'ticket'
),

-- what was answered or solved after the day is not known yet
known as (
    select
        tickets.*,
        order_references.order_key,
        identities.customer_id,
        run_context.business_time_zone,
        run_context.id_key,
        run_context.service_satisfied_from_score,
        run_context.service_first_response_target_seconds,
        tickets.solved_at >= run_context.as_of_end_at as is_solved_later,
        case when tickets.first_replied_at < run_context.as_of_end_at then tickets.first_replied_at end as known_first_replied_at,
        case when tickets.solved_at < run_context.as_of_end_at then tickets.solved_at end as known_solved_at
    from tickets
    cross join run_context
    left join order_references on tickets.ticket_key = order_references.fact_key
    left join identities on tickets.source_record_key = identities.source_record_key
),

timed as (
    select
        known.*,
        case
            when known_first_replied_at >= created_at then {{ seconds_between('created_at', 'known_first_replied_at') }}
        end as first_response_seconds,
        case when known_solved_at >= created_at then {{ seconds_between('created_at', 'known_solved_at') }} end as resolution_seconds,
        cast(case when is_solved_later then null else satisfaction_score end as integer) as known_satisfaction_score
    from known
)

select
    {{ impersonal_key('ticket_key', 'channel', 'source_record_key') }} as ticket_key,
    channel,
    customer_id,
    ticket_type,
    case when is_solved_later then 'open' else status end as status,
    order_key,
    created_at,
    {{ business_date('created_at', 'business_time_zone') }} as created_on,
    known_first_replied_at as first_replied_at,
    known_solved_at as solved_at,
    {{ business_date('known_solved_at', 'business_time_zone') }} as solved_on,
    first_response_seconds,
    coalesce(first_response_seconds <= service_first_response_target_seconds, false) as was_answered_in_time,
    resolution_seconds,
    known_satisfaction_score as satisfaction_score,
    coalesce(known_satisfaction_score >= service_satisfied_from_score, false) as is_satisfied
from timed
