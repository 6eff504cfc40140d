-- One row per movement on a loyalty account.
{{ config(materialized='renewed', meta={'touched_by': {'points_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

points as (
    {{ newest_touched_versions(ref('stg_channel_points'), touched, 'points_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'points'
)

select
    {{ impersonal_key('points.points_key', 'points.channel', 'points.source_record_key') }} as points_key,
    points.channel,
    identities.customer_id,
    points.reason,
    points.points_delta,
    order_references.order_key,
    points.occurred_at,
    {{ business_date('points.occurred_at', 'run_context.business_time_zone') }} as occurred_on
from points
cross join run_context
left join order_references on points.points_key = order_references.fact_key
left join identities on points.source_record_key = identities.source_record_key
