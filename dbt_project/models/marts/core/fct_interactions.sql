-- One row per contact between person and shop that is neither order, event nor ticket.
{{ config(materialized='renewed', meta={'touched_by': {'interaction_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

interactions as (
    {{ newest_touched_versions(ref('stg_channel_interactions'), touched, 'interaction_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    {{ impersonal_key('interactions.interaction_key', 'interactions.channel', 'interactions.source_record_key') }} as interaction_key,
    interactions.channel,
    interactions.interaction_type,
    identities.customer_id,
    interactions.staff_id_channel,
    interactions.occurred_at,
    {{ business_date('interactions.occurred_at', 'run_context.business_time_zone') }} as occurred_on
from interactions
cross join run_context
left join identities on interactions.source_record_key = identities.source_record_key
