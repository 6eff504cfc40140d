-- One row per campaign and channel with messages, coupons, purchases or costs in the trailing days of the effect report.
with

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

windows as (
    select
        {{ add_days('as_of', '1 - marketing_effect_days') }} as from_on,
        as_of as to_on,
        marketing_effect_days as window_days,
        reporting_currency
    from run_context
),

totals as (
    select
        days.campaign_key,
        days.channel,
        sum(days.sent_count) as sent_count,
        sum(days.delivered_count) as delivered_count,
        sum(days.opened_count) as opened_count,
        sum(days.clicked_count) as clicked_count,
        sum(days.converted_count) as converted_count,
        sum(days.order_count) as order_count,
        sum(days.revenue_amount) as revenue_amount,
        sum(days.cost_amount) as cost_amount,
        sum(days.issued_count) as issued_count,
        sum(days.issued_redeemed_count) as issued_redeemed_count
    from {{ ref('int_campaign_days') }} as days
    cross join windows
    where days.day_on between windows.from_on and windows.to_on
    group by days.campaign_key, days.channel
)

select
    totals.campaign_key,
    totals.channel,
    campaigns.campaign_name,
    campaigns.campaign_type,
    windows.from_on,
    windows.to_on,
    windows.window_days,
    cast(totals.sent_count as bigint) as sent,
    cast(totals.delivered_count as bigint) as delivered,
    cast(totals.opened_count as bigint) as opened,
    cast(totals.clicked_count as bigint) as clicked,
    cast(totals.converted_count as bigint) as converted,
    cast(totals.order_count as bigint) as attributed_order_count,
    cast(totals.revenue_amount as decimal(18, 2)) as attributed_revenue,
    cast(totals.cost_amount as decimal(18, 2)) as cost,
    cast(totals.issued_count as bigint) as coupons_issued,
    cast(totals.issued_redeemed_count as bigint) as coupons_redeemed,
    cast(totals.opened_count as double) / nullif(totals.delivered_count, 0) as open_rate,
    cast(totals.clicked_count as double) / nullif(totals.delivered_count, 0) as click_rate,
    cast(totals.converted_count as double) / nullif(totals.delivered_count, 0) as conversion_rate,
    cast(totals.issued_redeemed_count as double) / nullif(totals.issued_count, 0) as coupon_redemption_rate,
    case when campaigns.has_return then cast(totals.revenue_amount as double) / nullif(cast(totals.cost_amount as double), 0) end as roas,
    case
        when campaigns.has_return
            then cast(totals.revenue_amount - totals.cost_amount as double) / nullif(cast(totals.cost_amount as double), 0)
    end as roi_net,
    windows.reporting_currency as currency_code,
    windows.to_on as as_of
from totals
cross join windows
inner join campaigns on totals.campaign_key = campaigns.campaign_key and totals.channel = campaigns.channel
