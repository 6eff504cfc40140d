-- One row per campaign of a channel: those that the channel told of, and those that the registry expects of it.
with

campaigns as (
    {{ newest_versions(ref('stg_channel_campaigns'), 'campaign_key') }}
),

registry as (
    select * from {{ source('lake', 'campaign_registry') }}
),

sources as (
    select * from {{ source('lake', 'campaign_sources') }}
),

known as (
    select
        campaign_key,
        channel,
        campaign_no
    from campaigns

    union all

    select
        sources.source_key as campaign_key,
        sources.channel,
        sources.campaign_no
    from sources
    left join campaigns on sources.source_key = campaigns.campaign_key
    where sources.channel <> 'segments' and campaigns.campaign_key is null
)

select
    known.campaign_key,
    known.channel,
    known.campaign_no,
    campaigns.campaign_name,
    campaigns.campaign_type,
    campaigns.starts_on,
    campaigns.ends_on,
    registry.registered_name,
    registry.registered_name is not null as is_registered,
    registry.label_en as registered_label_en,
    registry.label_zh as registered_label_zh,
    registry.objective,
    registry.owner
from known
left join campaigns on known.campaign_key = campaigns.campaign_key
left join sources as named on known.campaign_key = named.source_key
-- what a channel reports under the name of a segment belongs to the campaign of that segment
left join sources as listed on 'segments:' || known.campaign_no = listed.source_key
left join registry on coalesce(named.registered_name, listed.registered_name) = registry.registered_name
