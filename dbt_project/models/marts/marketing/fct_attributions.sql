-- One row per purchase that a coupon or a message has earned.
--
-- Every order goes to the first that holds: a used coupon of a campaign, by the order that it names, by the code that the order names, by
-- the customer and the day; else the last message before it within the configured days. Messages of one moment are taken in the order of
-- campaign and message key, the last wins; of several coupons the one used last, then the first by campaign and key.
with

orders as (
    select
        order_key,
        channel,
        customer_id,
        purchased_at,
        purchased_on,
        net_amount,
        currency_code,
        coupon_code
    from {{ ref('fct_orders') }}
    where is_purchase
),

customers as (
    select * from {{ ref('int_customers') }}
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

arms as (
    select * from {{ ref('int_segment_arms') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

coupons as (
    select * from {{ ref('fct_coupons') }}
    where campaign_key is not null
),

named_codes as (
    select distinct coupon_code from orders
    where coupon_code is not null
),

-- a code that several campaigns print does not say which of them is meant
codes as (
    select
        coupons.coupon_code,
        min(coupons.campaign_key) as campaign_key,
        min(coupons.channel) as channel,
        case when count(*) = 1 then min(coupons.coupon_key) end as coupon_key
    from coupons
    inner join named_codes on coupons.coupon_code = named_codes.coupon_code
    group by coupons.coupon_code
    having min(coupons.campaign_key) = max(coupons.campaign_key)
),

uses as (
    select
        orders.order_key,
        coupons.campaign_key,
        coupons.channel,
        coupons.coupon_key,
        coupons.redeemed_at,
        1 as strength
    from coupons
    inner join orders on coupons.order_key = orders.order_key
    where coupons.is_redeemed

    union all

    select
        orders.order_key,
        codes.campaign_key,
        codes.channel,
        codes.coupon_key,
        null as redeemed_at,
        2 as strength
    from orders
    inner join codes on orders.coupon_code = codes.coupon_code

    union all

    -- one coupon is used once: on the first purchase of the day
    select
        orders.order_key,
        coupons.campaign_key,
        coupons.channel,
        coupons.coupon_key,
        coupons.redeemed_at,
        3 as strength
    from coupons
    inner join orders on coupons.customer_id = orders.customer_id and coupons.redeemed_on = orders.purchased_on
    left join named_codes on coupons.coupon_code = named_codes.coupon_code
    where coupons.is_redeemed and coupons.order_key is null and named_codes.coupon_code is null
    qualify
        row_number() over (
            partition by coupons.coupon_key
            order by orders.purchased_at asc nulls last, orders.order_key asc nulls last
        ) = 1
),

coupon_orders as (
    select *
    from uses
    qualify
        row_number() over (
            partition by order_key
            order by
                strength asc nulls last,
                redeemed_at desc nulls last,
                campaign_key asc nulls last,
                coupon_key asc nulls last
        ) = 1
),

-- an order and the messages that it may look at are at most one span of days apart: they meet by an equality, whatever anybody bought
touches as (
    select
        customers.customer_no,
        sends.counted_at,
        sends.counted_on,
        sends.channel,
        coalesce(sends.campaign_key, 'unattributed') as campaign_key,
        sends.send_key,
        {{ span_of(days_between("date '2000-01-01'", 'sends.counted_on'), 'run_context.marketing_attribution_days') }} as span_no
    from {{ ref('fct_sends') }} as sends
    inner join customers on sends.customer_id = customers.customer_id
    cross join run_context
    where sends.counted_at is not null and sends.status not in ('bounced', 'failed')
),

customer_orders as (
    select
        customers.customer_no,
        orders.order_key,
        orders.purchased_at,
        orders.purchased_on,
        -- with a coupon, messages of its campaign are looked at and no others
        coupon_orders.campaign_key as only_campaign_key,
        run_context.marketing_attribution_days,
        {{ span_of(days_between("date '2000-01-01'", 'orders.purchased_on'), 'run_context.marketing_attribution_days') }} as span_no
    from orders
    inner join customers on orders.customer_id = customers.customer_id
    cross join run_context
    left join coupon_orders on orders.order_key = coupon_orders.order_key
),

looking_orders as (
    select * from customer_orders

    union all

    select
        customer_no,
        order_key,
        purchased_at,
        purchased_on,
        only_campaign_key,
        marketing_attribution_days,
        span_no - 1 as span_no
    from customer_orders
),

touch_orders as (
    select
        looking_orders.order_key,
        touches.send_key,
        touches.campaign_key,
        touches.channel,
        touches.counted_on
    from touches
    inner join looking_orders
        on
            touches.customer_no = looking_orders.customer_no
            and touches.span_no = looking_orders.span_no
            and touches.counted_at <= looking_orders.purchased_at
    where
        {{ days_between('touches.counted_on', 'looking_orders.purchased_on') }} <= looking_orders.marketing_attribution_days
        and touches.campaign_key = coalesce(looking_orders.only_campaign_key, touches.campaign_key)
    qualify
        row_number() over (
            partition by looking_orders.order_key
            order by
                touches.counted_at desc nulls last,
                touches.campaign_key desc nulls last,
                touches.send_key desc nulls last
        ) = 1
),

attributed as (
    select
        orders.order_key,
        orders.customer_id,
        orders.channel as order_channel,
        orders.purchased_on,
        orders.net_amount,
        orders.currency_code,
        coalesce(coupon_orders.campaign_key, touch_orders.campaign_key) as campaign_key,
        coalesce(coupon_orders.channel, touch_orders.channel) as channel,
        case
            when coupon_orders.strength = 1 then 'coupon_order'
            when coupon_orders.strength = 2 then 'coupon_code'
            when coupon_orders.strength = 3 then 'coupon_day'
            else 'last_message'
        end as rule,
        case when coupon_orders.order_key is null then 'send' else 'coupon' end as touch,
        coupon_orders.coupon_key,
        touch_orders.send_key,
        touch_orders.counted_on as message_on
    from orders
    left join coupon_orders on orders.order_key = coupon_orders.order_key
    left join touch_orders on orders.order_key = touch_orders.order_key
    where coupon_orders.order_key is not null or touch_orders.order_key is not null
)

select
    attributed.order_key,
    attributed.campaign_key,
    attributed.channel,
    case when campaigns.segment_name is null then 'all' else coalesce(arms.arm, 'unassigned') end as arm,
    attributed.touch,
    attributed.rule,
    attributed.coupon_key,
    attributed.send_key,
    attributed.message_on,
    attributed.customer_id,
    attributed.order_channel,
    attributed.purchased_on,
    attributed.net_amount,
    attributed.currency_code
from attributed
inner join campaigns on attributed.campaign_key = campaigns.campaign_key and attributed.channel = campaigns.channel
left join arms on campaigns.segment_name = arms.segment_name and attributed.customer_id = arms.customer_id
