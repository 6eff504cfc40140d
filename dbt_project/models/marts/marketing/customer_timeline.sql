-- One row per customer and thing that happened: registration, order, refund, message sent, opened or clicked, coupon, interaction, service
-- case, review, change of lifecycle stage; and of tracked events one row a day, channel and event, so that a month of browsing is a few
-- lines.
{{ config(materialized='renewed', meta={'touched_by': {'customer_id': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

registrations as (
    select * from {{ touched_rows(ref('dim_customers'), touched, 'customer_id') }}
    where registered_at is not null
),

orders as (
    select * from {{ touched_rows(ref('fct_orders'), touched, 'customer_id') }}
    where customer_id is not null
),

-- refunds of bills name a payer, or nobody: they are the customer's whose order they reduce
refunds as (
    select
        orders.customer_id,
        refunds.refund_key,
        refunds.refunded_at,
        refunds.status,
        refunds.channel,
        refunds.refunded_amount
    from {{ ref('fct_refunds') }} as refunds
    inner join orders on refunds.order_key = orders.order_key

    union all

    select
        refunds.customer_id,
        refunds.refund_key,
        refunds.refunded_at,
        refunds.status,
        refunds.channel,
        refunds.refunded_amount
    from {{ touched_rows(ref('fct_refunds'), touched, 'customer_id') }} as refunds
    left join {{ ref('fct_orders') }} as orders on refunds.order_key = orders.order_key
    where refunds.customer_id is not null and orders.customer_id is null
),

sends as (
    select * from {{ touched_rows(ref('fct_sends'), touched, 'customer_id') }}
    where customer_id is not null
),

coupons as (
    select * from {{ touched_rows(ref('fct_coupons'), touched, 'customer_id') }}
    where customer_id is not null
),

interactions as (
    select * from {{ touched_rows(ref('fct_interactions'), touched, 'customer_id') }}
    where customer_id is not null
),

tickets as (
    select * from {{ touched_rows(ref('fct_tickets'), touched, 'customer_id') }}
    where customer_id is not null
),

reviews as (
    select * from {{ touched_rows(ref('fct_reviews'), touched, 'customer_id') }}
    where customer_id is not null
),

stages as (
    select
        stages.customer_id,
        stages.lifecycle_stage,
        stages.valid_from_on,
        {{ day_begins_at('stages.valid_from_on', 'context.business_time_zone') }} as happened_at
    from {{ touched_rows(ref('customer_lifecycle_history'), touched, 'customer_id') }} as stages
    cross join {{ ref('int_tag_context') }} as context
),

event_days as (
    select
        customer_no,
        occurred_on,
        channel,
        event_name,
        min(occurred_at) as first_occurred_at,
        count(*) as event_count
    from {{ touched_rows(ref('int_customer_events'), touched, 'customer_no') }}
    group by customer_no, occurred_on, channel, event_name
),

customers as (
    select * from {{ ref('int_customers') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
),

happened as (
    select
        customer_id,
        registered_at as happened_at,
        'registration' as kind,
        cast(null as string) as detail,
        registration_channel as channel,
        1 as fact_count,
        cast(null as decimal(18, 2)) as money_amount,
        'registration' as fact_key
    from registrations

    union all

    select
        customer_id,
        coalesce(purchased_at, ordered_at) as happened_at,
        'order' as kind,
        case when order_type = 'sale' then status else order_type end as detail,
        channel,
        1 as fact_count,
        net_amount as money_amount,
        order_key as fact_key
    from orders

    union all

    select
        customer_id,
        refunded_at as happened_at,
        'refund' as kind,
        status as detail,
        channel,
        1 as fact_count,
        refunded_amount as money_amount,
        refund_key as fact_key
    from refunds

    union all

    select
        customer_id,
        sent_at as happened_at,
        'message' as kind,
        medium || case when status in ('delivered', 'opened', 'clicked') then ' sent' else ' ' || status end as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        send_key || '/sent' as fact_key
    from sends
    where sent_at is not null

    union all

    select
        customer_id,
        opened_at as happened_at,
        'message' as kind,
        medium || ' opened' as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        send_key || '/opened' as fact_key
    from sends
    where opened_at is not null

    union all

    select
        customer_id,
        clicked_at as happened_at,
        'message' as kind,
        medium || ' clicked' as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        send_key || '/clicked' as fact_key
    from sends
    where clicked_at is not null

    union all

    select
        customer_id,
        issued_at as happened_at,
        'coupon' as kind,
        'issued' as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        coupon_key || '/issued' as fact_key
    from coupons
    where issued_at is not null

    union all

    select
        customer_id,
        redeemed_at as happened_at,
        'coupon' as kind,
        'redeemed' as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        coupon_key || '/redeemed' as fact_key
    from coupons
    where redeemed_at is not null

    union all

    select
        customer_id,
        occurred_at as happened_at,
        'interaction' as kind,
        interaction_type as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        interaction_key as fact_key
    from interactions

    union all

    select
        customer_id,
        created_at as happened_at,
        'ticket' as kind,
        coalesce(ticket_type, 'unclassified') || ' ' || status as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        ticket_key as fact_key
    from tickets

    union all

    select
        customer_id,
        reviewed_at as happened_at,
        'review' as kind,
        review_type || coalesce(' ' || score, '') as detail,
        channel,
        1 as fact_count,
        null as money_amount,
        review_key as fact_key
    from reviews

    union all

    select
        customer_id,
        happened_at,
        'stage' as kind,
        lifecycle_stage as detail,
        null as channel,
        1 as fact_count,
        null as money_amount,
        'stage/' || valid_from_on as fact_key
    from stages

    union all

    select
        customers.customer_id,
        event_days.first_occurred_at as happened_at,
        'activity' as kind,
        event_days.event_name as detail,
        event_days.channel,
        event_days.event_count as fact_count,
        null as money_amount,
        event_days.channel || '/' || event_days.event_name || '/' || event_days.occurred_on as fact_key
    from event_days
    inner join customers on event_days.customer_no = customers.customer_no
)

-- a coupon redeemed or an order paid in the hours that an export may reach over the day belongs to the next one
select
    happened.customer_id,
    happened.happened_at,
    {{ business_date('happened.happened_at', 'context.business_time_zone') }} as happened_on,
    happened.kind,
    happened.detail,
    happened.channel,
    cast(happened.fact_count as bigint) as fact_count,
    context.reporting_currency as currency_code,
    cast(happened.money_amount as decimal(18, 2)) as money_amount,
    happened.fact_key
from happened
cross join context
where happened.happened_at < context.as_of_end_at
