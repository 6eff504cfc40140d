-- One row per campaign, channel, arm and day: messages by the day that they count on, coupons by the day of issue, purchases, costs.
-- Messages and coupons whose day nobody tells have a row without a day.
{{ config(materialized='table') }}

with

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

arms as (
    select * from {{ ref('int_segment_arms') }}
),

attributions as (
    select * from {{ ref('fct_attributions') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

converting as (
    select distinct send_key from attributions
    where send_key is not null
),

messages as (
    select
        coalesce(sends.campaign_key, 'unattributed') as campaign_key,
        sends.channel,
        sends.customer_id,
        sends.counted_on as day_on,
        1 as sent_count,
        case when sends.was_delivered then 1 else 0 end as delivered_count,
        case when sends.was_opened then 1 else 0 end as opened_count,
        case when sends.was_clicked then 1 else 0 end as clicked_count,
        case when sends.was_delivered and converting.send_key is not null then 1 else 0 end as converted_count
    from {{ ref('fct_sends') }} as sends
    left join converting on sends.send_key = converting.send_key
),

coupons as (
    select
        coalesce(coupons.campaign_key, 'unattributed') as campaign_key,
        coupons.channel,
        coupons.customer_id,
        coupons.issued_on as day_on,
        case when coupons.issued_on is not null then 1 else 0 end as issued_count,
        case when coupons.is_redeemed then 1 else 0 end as redeemed_count,
        case when coupons.is_redeemed and coupons.issued_on is not null then 1 else 0 end as issued_redeemed_count,
        case
            when coupons.status <> 'issued' or coupons.issued_on is null or coupons.expires_at < run_context.as_of_end_at then 0
            else 1
        end as redeemable_count
    from {{ ref('fct_coupons') }} as coupons
    cross join run_context
),

{# every kind of facts has some of these; the others are 0 #}
{%- set measures = [
    'sent_count', 'delivered_count', 'opened_count', 'clicked_count', 'converted_count',
    'issued_count', 'redeemed_count', 'issued_redeemed_count', 'redeemable_count', 'order_count',
] %}
{%- set of_messages = measures[:5] %}
{%- set of_coupons = measures[5:9] %}
facts as (
    select
        messages.campaign_key,
        messages.channel,
        case when campaigns.segment_name is null then 'all' else coalesce(arms.arm, 'unassigned') end as arm,
        messages.day_on,
        {% for measure in measures -%}
            {{ 'messages.' ~ measure if measure in of_messages else 0 }} as {{ measure }},
        {% endfor -%}
        0 as revenue_amount,
        null as cost_amount
    from messages
    inner join campaigns on messages.campaign_key = campaigns.campaign_key and messages.channel = campaigns.channel
    left join arms on campaigns.segment_name = arms.segment_name and messages.customer_id = arms.customer_id

    union all

    select
        coupons.campaign_key,
        coupons.channel,
        case when campaigns.segment_name is null then 'all' else coalesce(arms.arm, 'unassigned') end as arm,
        coupons.day_on,
        {% for measure in measures -%}
            {{ 'coupons.' ~ measure if measure in of_coupons else 0 }} as {{ measure }},
        {% endfor -%}
        0 as revenue_amount,
        null as cost_amount
    from coupons
    inner join campaigns on coupons.campaign_key = campaigns.campaign_key and coupons.channel = campaigns.channel
    left join arms on campaigns.segment_name = arms.segment_name and coupons.customer_id = arms.customer_id

    union all

    select
        campaign_key,
        channel,
        arm,
        purchased_on as day_on,
        {% for measure in measures -%}
            {{ 1 if measure == 'order_count' else 0 }} as {{ measure }},
        {% endfor -%}
        net_amount as revenue_amount,
        null as cost_amount
    from attributions

    union all

    -- nobody is billed by the arm of a test
    select
        coalesce(campaign_key, 'unattributed') as campaign_key,
        channel,
        'all' as arm,
        spent_on as day_on,
        {% for measure in measures -%}
            0 as {{ measure }},
        {% endfor -%}
        0 as revenue_amount,
        cost_amount
    from {{ ref('fct_cost_days') }}
)

select
    campaign_key,
    channel,
    arm,
    day_on,
    {% for measure in measures -%}
        cast(sum({{ measure }}) as bigint) as {{ measure }},
    {% endfor -%}
    cast(sum(revenue_amount) as decimal(18, 2)) as revenue_amount,
    cast(sum(cost_amount) as decimal(18, 2)) as cost_amount
from facts
group by campaign_key, channel, arm, day_on
