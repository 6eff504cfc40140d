-- One row per message to one person.
{{ config(materialized='renewed', meta={'touched_by': {'send_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

sends as (
    {{ newest_touched_versions(ref('stg_channel_sends'), touched, 'send_key') }}
),

-- each export tells of its own days: a late open comes without the earlier click
stages as (
    select
        send_key,
        min(sent_at) as sent_at,
        min(delivered_at) as delivered_at,
        min(opened_at) as opened_at,
        min(clicked_at) as clicked_at,
        max(case when status = 'clicked' then 3 when status = 'opened' then 2 when status = 'delivered' then 1 else 0 end) as furthest_stage
    from {{ touched_rows(ref('stg_channel_sends'), touched, 'send_key') }}
    group by send_key
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

joined as (
    select
        {{ impersonal_key('sends.send_key', 'sends.channel', 'sends.source_record_key') }} as send_key,
        sends.channel,
        sends.channel || ':' || sends.campaign_no as campaign_key,
        sends.medium,
        sends.status,
        stages.sent_at,
        stages.delivered_at,
        stages.opened_at,
        stages.clicked_at,
        greatest(
            stages.furthest_stage,
            case
                when stages.clicked_at is not null then 3
                when stages.opened_at is not null then 2
                when stages.delivered_at is not null or sends.status in ('unsubscribed', 'complained') then 1
                else 0
            end
        ) as furthest_stage,
        identities.customer_id,
        run_context.business_time_zone,
        -- what reached somebody was sent before; who was mailed on a day that nobody tells was mailed when the campaign began
        coalesce(
            stages.sent_at,
            stages.delivered_at,
            stages.opened_at,
            stages.clicked_at,
            {{ day_begins_at('campaigns.starts_on', 'run_context.business_time_zone') }}
        ) as counted_at
    from sends
    inner join stages on sends.send_key = stages.send_key
    cross join run_context
    left join identities on sends.source_record_key = identities.source_record_key
    left join campaigns on sends.channel || ':' || sends.campaign_no = campaigns.campaign_key
)

-- a later stage implies the earlier ones, whether or not the channel gives their times; how it ended is what was told last
select
    send_key,
    channel,
    campaign_key,
    customer_id,
    medium,
    case
        when status not in ('sent', 'delivered', 'opened', 'clicked') then status
        when furthest_stage = 3 then 'clicked'
        when furthest_stage = 2 then 'opened'
        when furthest_stage = 1 then 'delivered'
        else 'sent'
    end as status,
    sent_at,
    {{ business_date('sent_at', 'business_time_zone') }} as sent_on,
    delivered_at,
    opened_at,
    clicked_at,
    counted_at,
    {{ business_date('counted_at', 'business_time_zone') }} as counted_on,
    furthest_stage >= 1 as was_delivered,
    furthest_stage >= 2 as was_opened,
    furthest_stage = 3 as was_clicked
from joined
