-- One row per tracked event that is computed: newest version, with its customer. In a build that continues the last, touched ones only.
{%- set touched = asked('int_touched_facts') %}
with

events as (
    {{ newest_touched_versions(ref('stg_channel_events'), touched, 'event_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    {{ impersonal_key('events.event_key', 'events.channel', 'events.source_record_key') }} as event_key,
    events.channel,
    events.event_name,
    identities.customer_id,
    case when identities.customer_id is null then md5(events.anonymous_id) end as visitor_key,
    events.occurred_at,
    {{ business_date('events.occurred_at', 'run_context.business_time_zone') }} as occurred_on,
    events.product_id_channel,
    events.product_category,
    events.quantity,
    events.order_no,
    events.value_amount_original,
    events.currency_code_original,
    events.campaign_name,
    events.device_type
from events
cross join run_context
left join identities on events.source_record_key = identities.source_record_key
