-- One row per campaign, channel and arm, over all days.
with

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

days as (
    select * from {{ ref('int_campaign_days') }}
),

arms as (
    select * from {{ ref('int_segment_arms') }}
),

experiments as (
    select * from {{ ref('mart_marketing__experiments') }}
    where metric = 'revenue_per_customer' and against_arm = 'held_out'
),

sales as (
    select * from {{ ref('int_campaign_sales') }}
),

registry as (
    select * from {{ source('lake', 'campaign_registry') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

totals as (
    select
        campaign_key,
        channel,
        arm,
        sum(sent_count) as sent_count,
        sum(delivered_count) as delivered_count,
        sum(opened_count) as opened_count,
        sum(clicked_count) as clicked_count,
        sum(converted_count) as converted_count,
        sum(issued_count) as issued_count,
        sum(redeemed_count) as redeemed_count,
        sum(issued_redeemed_count) as issued_redeemed_count,
        sum(order_count) as order_count,
        sum(revenue_amount) as revenue_amount
    from days
    where cost_amount is null or sent_count + issued_count + redeemed_count + order_count > 0
    group by campaign_key, channel, arm
),

costs as (
    select
        campaign_key,
        channel,
        cast(sum(cost_amount) * 100 as bigint) as cents
    from days
    where cost_amount is not null
    group by campaign_key, channel
),

-- what the campaigns of channels have cost that belong to a registered one
spent as (
    select
        campaigns.registered_name,
        sum(costs.cents) as cents
    from campaigns
    inner join costs on campaigns.campaign_key = costs.campaign_key and campaigns.channel = costs.channel
    where campaigns.registered_name is not null
    group by campaigns.registered_name
),

-- people, each once; a fact of nobody known is somebody of its own
people as (
    select
        campaign_key,
        channel,
        arm,
        count(*) as buyer_count
    from (
        select distinct
            campaign_key,
            channel,
            arm,
            coalesce(customer_id, order_key) as person
        from {{ ref('fct_attributions') }}
    ) as buyers
    group by campaign_key, channel, arm
),

written_to as (
    select
        campaign_key,
        channel,
        arm,
        count(*) as customer_count
    from (
        select distinct
            campaigns.campaign_key,
            campaigns.channel,
            case when campaigns.segment_name is null then 'all' else coalesce(arms.arm, 'unassigned') end as arm,
            coalesce(sends.customer_id, sends.send_key) as person
        from {{ ref('fct_sends') }} as sends
        inner join campaigns
            on coalesce(sends.campaign_key, 'unattributed') = campaigns.campaign_key and sends.channel = campaigns.channel
        left join arms on campaigns.segment_name = arms.segment_name and sends.customer_id = arms.customer_id
    ) as receivers
    group by campaign_key, channel, arm
),

redeemers as (
    select
        campaign_key,
        channel,
        arm,
        count(*) as customer_count
    from (
        select distinct
            campaigns.campaign_key,
            campaigns.channel,
            case when campaigns.segment_name is null then 'all' else coalesce(arms.arm, 'unassigned') end as arm,
            coalesce(coupons.customer_id, coupons.coupon_key) as person
        from {{ ref('fct_coupons') }} as coupons
        inner join campaigns
            on coalesce(coupons.campaign_key, 'unattributed') = campaigns.campaign_key and coupons.channel = campaigns.channel
        left join arms on campaigns.segment_name = arms.segment_name and coupons.customer_id = arms.customer_id
        where coupons.is_redeemed
    ) as holders
    group by campaign_key, channel, arm
),

assigned as (
    select
        segment_name,
        arm,
        count(*) as customer_count
    from arms
    group by segment_name, arm
),

apart as (
    select
        segment_name,
        sum(case when arm = 'held_out' then customer_count else 0 end) as held_out_count,
        sum(case when arm = 'contaminated' then customer_count else 0 end) as contaminated_count
    from assigned
    group by segment_name
),

found as (
    select
        campaign_key,
        channel,
        arm
    from totals

    union distinct

    select
        campaigns.campaign_key,
        campaigns.channel,
        assigned.arm
    from campaigns
    inner join assigned on campaigns.segment_name = assigned.segment_name
    where campaigns.shows_test and assigned.arm not in ('held_out', 'contaminated')
),

joined as (
    select
        campaigns.*,
        coalesce(found.arm, 'all') as arm,
        coalesce(totals.sent_count, 0) as sent_count,
        coalesce(totals.delivered_count, 0) as delivered_count,
        coalesce(totals.opened_count, 0) as opened_count,
        coalesce(totals.clicked_count, 0) as clicked_count,
        coalesce(totals.converted_count, 0) as converted_count,
        coalesce(totals.issued_count, 0) as issued_count,
        coalesce(totals.redeemed_count, 0) as redeemed_count,
        coalesce(totals.issued_redeemed_count, 0) as issued_redeemed_count,
        coalesce(totals.order_count, 0) as order_count,
        coalesce(totals.revenue_amount, 0) as revenue_amount,
        coalesce(people.buyer_count, 0) as buyer_count,
        coalesce(redeemers.customer_count, 0) as redeemer_count,
        case
            when campaigns.shows_test and found.arm not in ('held_out', 'contaminated', 'unassigned')
                then coalesce(assigned.customer_count, 0)
            else coalesce(written_to.customer_count, 0)
        end as targeted_count,
        case when campaigns.shows_test then coalesce(apart.held_out_count, 0) else 0 end as held_out_count,
        case when campaigns.shows_test then coalesce(apart.contaminated_count, 0) else 0 end as contaminated_count,
        costs.cents,
        experiments.difference,
        experiments.difference_low,
        experiments.difference_high,
        experiments.p_value
    from campaigns
    left join found on campaigns.campaign_key = found.campaign_key and campaigns.channel = found.channel
    left join totals
        on found.campaign_key = totals.campaign_key and found.channel = totals.channel and found.arm = totals.arm
    left join people
        on found.campaign_key = people.campaign_key and found.channel = people.channel and found.arm = people.arm
    left join written_to
        on found.campaign_key = written_to.campaign_key and found.channel = written_to.channel and found.arm = written_to.arm
    left join redeemers
        on found.campaign_key = redeemers.campaign_key and found.channel = redeemers.channel and found.arm = redeemers.arm
    left join costs on campaigns.campaign_key = costs.campaign_key and campaigns.channel = costs.channel
    left join assigned on campaigns.segment_name = assigned.segment_name and found.arm = assigned.arm
    left join apart on campaigns.segment_name = apart.segment_name
    left join experiments on campaigns.shows_test and campaigns.segment_name = experiments.segment_name and found.arm = experiments.arm
),

-- the bill is shared by messages; without any, the first arm has it: each gets the whole cents up to it less those before
weighed as (
    select
        joined.*,
        sum(sent_count) over (partition by campaign_key, channel) as all_count,
        sum(sent_count) over (
            partition by campaign_key, channel
            order by arm asc nulls last
            rows between unbounded preceding and current row
        ) as count_to_date,
        row_number() over (partition by campaign_key, channel order by arm asc nulls last) as arm_no
    from joined
),

billed as (
    select
        weighed.*,
        cast(
            case
                when all_count > 0
                    then
                        (cents * count_to_date - cents * count_to_date % all_count) / all_count
                        - (cents * (count_to_date - sent_count) - cents * (count_to_date - sent_count) % all_count) / all_count
                when arm_no = 1 then cents
                when cents is not null then 0
            end / 100 as decimal(18, 2)
        ) as cost_amount
    from weighed
)

select
    billed.campaign_key,
    billed.channel,
    billed.arm,
    billed.campaign_name,
    billed.campaign_type,
    billed.segment_name,
    billed.registered_name,
    billed.registered_name is not null as is_registered,
    registry.objective,
    registry.owner,
    registry.planned_from_on,
    registry.planned_to_on,
    registry.budget_amount,
    cast(spent.cents as double) / 100 / cast(registry.budget_amount as double) as budget_used_rate,
    billed.starts_on,
    billed.ends_on,
    cast(billed.targeted_count as bigint) as targeted,
    cast(billed.held_out_count as bigint) as held_out,
    cast(billed.contaminated_count as bigint) as contaminated,
    cast(billed.sent_count as bigint) as sent,
    cast(billed.delivered_count as bigint) as delivered,
    cast(billed.opened_count as bigint) as opened,
    cast(billed.clicked_count as bigint) as clicked,
    cast(billed.converted_count as bigint) as converted,
    cast(billed.order_count as bigint) as attributed_order_count,
    cast(billed.buyer_count as bigint) as attributed_customer_count,
    cast(billed.revenue_amount as decimal(18, 2)) as attributed_revenue,
    billed.cost_amount as cost,
    cast(billed.opened_count as double) / nullif(billed.delivered_count, 0) as open_rate,
    cast(billed.clicked_count as double) / nullif(billed.delivered_count, 0) as click_rate,
    cast(billed.converted_count as double) / nullif(billed.delivered_count, 0) as conversion_rate,
    case when billed.has_return then cast(billed.revenue_amount as double) / nullif(billed.cost_amount, 0) end as roas,
    case
        when billed.has_return then cast(billed.revenue_amount - billed.cost_amount as double) / nullif(billed.cost_amount, 0)
    end as roi_net,
    cast(billed.difference * billed.targeted_count as decimal(18, 2)) as incremental_revenue,
    cast(billed.difference_low * billed.targeted_count as decimal(18, 2)) as incremental_revenue_low,
    cast(billed.difference_high * billed.targeted_count as decimal(18, 2)) as incremental_revenue_high,
    billed.p_value as incremental_revenue_p_value,
    billed.difference * billed.targeted_count / nullif(cast(billed.cost_amount as double), 0) as incremental_roas,
    cast(billed.issued_count as bigint) as coupons_issued,
    cast(billed.redeemed_count as bigint) as coupons_redeemed,
    cast(billed.redeemer_count as bigint) as redeeming_customer_count,
    cast(billed.issued_redeemed_count as double) / nullif(billed.issued_count, 0) as coupon_redemption_rate,
    sales.campaign_days,
    sales.before_amount as sales_before_amount,
    sales.during_amount as sales_during_amount,
    sales.after_amount as sales_after_amount,
    run_context.reporting_currency as currency_code,
    run_context.as_of
from billed
cross join run_context
left join registry on billed.registered_name = registry.registered_name
left join spent on billed.registered_name = spent.registered_name
left join sales on billed.campaign_key = sales.campaign_key and billed.channel = sales.channel
