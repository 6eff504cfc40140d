-- One row per campaign of a channel.
with

campaigns as (
    {{ newest_versions(ref('stg_channel_campaigns'), 'campaign_key') }}
)

select
    campaign_key,
    channel,
    campaign_no,
    campaign_name,
    campaign_type,
    starts_on,
    ends_on
from campaigns
