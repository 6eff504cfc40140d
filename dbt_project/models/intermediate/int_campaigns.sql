-- One row per campaign of a channel that was told of, written for, spent on, listed or registered. Facts that name no campaign are
-- `unattributed`.
--
-- A campaign whose number is the name of a segment is that segment's. A segment that no channel reports of is a campaign of its own; of
-- several channels the one with the most messages shows what the segment's test has earned, then the first by key.
{{ config(materialized='table') }}

with

campaigns as (
    select * from {{ ref('dim_campaigns') }}
),

assignments as (
    select * from {{ source('lake', 'segment_assignments') }}
),

registry as (
    select * from {{ source('lake', 'campaign_registry') }}
),

sources as (
    select * from {{ source('lake', 'campaign_sources') }}
),

facts as (
    select
        coalesce(campaign_key, 'unattributed') as campaign_key,
        channel,
        count(*) as message_count,
        0 as coupon_count,
        0 as cost_count,
        min(counted_on) as first_on,
        max(counted_on) as last_on
    from {{ ref('fct_sends') }}
    group by coalesce(campaign_key, 'unattributed'), channel

    union all

    select
        coalesce(campaign_key, 'unattributed') as campaign_key,
        channel,
        0 as message_count,
        count(*) as coupon_count,
        0 as cost_count,
        min(coalesce(issued_on, redeemed_on)) as first_on,
        max(coalesce(redeemed_on, issued_on)) as last_on
    from {{ ref('fct_coupons') }}
    group by coalesce(campaign_key, 'unattributed'), channel

    union all

    select
        coalesce(campaign_key, 'unattributed') as campaign_key,
        channel,
        0 as message_count,
        0 as coupon_count,
        count(*) as cost_count,
        min(spent_on) as first_on,
        max(spent_on) as last_on
    from {{ ref('fct_cost_days') }}
    group by coalesce(campaign_key, 'unattributed'), channel

    union all

    select
        campaign_key,
        channel,
        0 as message_count,
        0 as coupon_count,
        0 as cost_count,
        starts_on as first_on,
        starts_on as last_on
    from campaigns
),

known as (
    select
        campaign_key,
        channel,
        sum(message_count) as message_count,
        sum(coupon_count) as coupon_count,
        sum(cost_count) as cost_count,
        min(first_on) as first_on,
        max(last_on) as last_on
    from facts
    group by campaign_key, channel
),

segments as (
    select
        segment_name,
        -- a list is used from the day after its run on
        {{ add_days('min(assigned_on)', 1) }} as first_on,
        {{ add_days('max(assigned_on)', 1) }} as last_on
    from (
        select
            segment_name,
            assigned_on
        from assignments

        union all

        -- one that no list was made of yet
        select
            campaign_no as segment_name,
            cast(null as date) as assigned_on
        from sources
        where channel = 'segments'
    ) as listed
    group by segment_name
),

named as (
    select
        known.*,
        segments.segment_name
    from known
    left join segments on known.campaign_key = known.channel || ':' || segments.segment_name

    union all

    select
        'segments:' || segments.segment_name as campaign_key,
        'segments' as channel,
        0 as message_count,
        0 as coupon_count,
        0 as cost_count,
        segments.first_on,
        segments.last_on,
        segments.segment_name
    from segments
    left join known on known.campaign_key = known.channel || ':' || segments.segment_name
    where known.campaign_key is null
)

select
    named.campaign_key,
    named.channel,
    campaigns.campaign_name,
    campaigns.campaign_type,
    coalesce(campaigns.starts_on, named.first_on, registry.planned_from_on) as starts_on,
    coalesce(
        campaigns.ends_on,
        greatest(named.last_on, campaigns.starts_on),
        case when named.first_on is null and campaigns.starts_on is null then registry.planned_to_on end
    ) as ends_on,
    registry.registered_name,
    named.segment_name,
    named.segment_name is not null and row_number() over (
        partition by named.segment_name
        order by named.message_count desc nulls last, named.campaign_key asc nulls last
    ) = 1 as shows_test,
    -- revenue can be attributed to it, and its cost is known: both are needed to set one against the other
    named.campaign_key <> 'unattributed' and named.message_count + named.coupon_count > 0 and named.cost_count > 0 as has_return
from named
left join campaigns on named.campaign_key = campaigns.campaign_key
left join sources as told on named.campaign_key = told.source_key
left join sources as lists on 'segments:' || named.segment_name = lists.source_key
left join registry on coalesce(told.registered_name, lists.registered_name) = registry.registered_name
