-- One row per message to one person.
with

sends as (
    {{ newest_versions(ref('stg_channel_sends'), 'send_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

joined as (
    select
        sends.*,
        identities.customer_id,
        {{ business_date('sends.sent_at', 'run_context.business_time_zone') }} as sent_on
    from sends
    cross join run_context
    left join identities on sends.source_record_key = identities.source_record_key
)

-- a later stage implies the earlier ones, whether or not the channel gives their times
select
    send_key,
    channel,
    channel || ':' || campaign_no as campaign_key,
    customer_id,
    medium,
    status,
    sent_at,
    sent_on,
    delivered_at,
    opened_at,
    clicked_at,
    status in ('delivered', 'opened', 'clicked', 'unsubscribed', 'complained')
    or coalesce(delivered_at, opened_at, clicked_at) is not null as was_delivered,
    status in ('opened', 'clicked') or coalesce(opened_at, clicked_at) is not null as was_opened,
    status = 'clicked' or clicked_at is not null as was_clicked
from joined
