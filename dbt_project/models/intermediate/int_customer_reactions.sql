-- One row per customer who opened or clicked a message or visited in the pattern window, which ends with the last month: at which time
-- of the day, and through which medium.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

context as (
    select * from {{ ref('int_tag_context') }}
),

hour_bands as (
    select
        cast(from_value as integer) as reaction_hour,
        band
    from {{ ref('int_tag_bands') }}
    where tag = 'send_time_preference'
),

sends as (
    select
        customers.customer_no,
        sends.medium,
        sends.opened_at,
        sends.clicked_at
    from {{ touched_rows(ref('fct_sends'), touched, 'customer_id') }} as sends
    inner join {{ ref('int_customers') }} as customers on sends.customer_id = customers.customer_id
    where sends.opened_at is not null or sends.clicked_at is not null
),

-- the first click implies an open; a channel that tells both at once tells one moment
moments as (
    select
        customer_no,
        medium,
        coalesce(opened_at, clicked_at) as reacted_at
    from sends

    union all

    select
        customer_no,
        medium,
        clicked_at as reacted_at
    from sends
    where clicked_at > opened_at

    union all

    select
        customer_no,
        cast(null as string) as medium,
        occurred_at as reacted_at
    from {{ touched_rows(ref('int_customer_events'), touched, 'customer_no') }}
    where is_visit
),

dated as (
    select
        moments.customer_no,
        moments.medium,
        {{ business_date('moments.reacted_at', 'context.business_time_zone') }} as reacted_on,
        {{ business_hour('moments.reacted_at', 'context.business_time_zone') }} as reaction_hour
    from moments
    cross join context
),

in_window as (
    select dated.*
    from dated
    cross join context
    where dated.reacted_on > context.before_pattern_on and dated.reacted_on <= context.month_end_on
),

-- a long visit is one sign, not hundreds
hours as (
    select distinct
        customer_no,
        reacted_on,
        reaction_hour
    from in_window
),

choices as (
    select
        hours.customer_no,
        'time' as habit,
        hour_bands.band as choice,
        count(*) as sign_count
    from hours
    inner join hour_bands on hours.reaction_hour = hour_bands.reaction_hour
    group by hours.customer_no, hour_bands.band

    union all

    select
        customer_no,
        'medium' as habit,
        medium as choice,
        count(*) as sign_count
    from in_window
    where medium is not null
    group by customer_no, medium
),

ranked as (
    select
        choices.*,
        sum(sign_count) over (partition by customer_no, habit) as all_sign_count,
        row_number() over (partition by customer_no, habit order by sign_count desc nulls last, choice asc nulls last) as choice_rank
    from choices
),

decided as (
    select
        ranked.customer_no,
        ranked.habit,
        ranked.choice,
        ranked.sign_count,
        cast(ranked.all_sign_count as bigint) as all_sign_count,
        cast(ranked.sign_count / cast(ranked.all_sign_count as double) as decimal(5, 4)) as share
    from ranked
    where ranked.choice_rank = 1
),

customers as (
    select distinct customer_no from decided
)

select
    customers.customer_no,
    case when times.all_sign_count >= context.tags_pattern_from_count then times.choice end as send_time_preference,
    times.sign_count as preferred_time_sign_count,
    times.all_sign_count as time_sign_count,
    times.share as time_share,
    media.choice as preferred_contact,
    media.sign_count as preferred_medium_sign_count,
    media.all_sign_count as medium_sign_count,
    media.share as medium_share
from customers
cross join context
left join decided as times on customers.customer_no = times.customer_no and times.habit = 'time'
left join decided as media on customers.customer_no = media.customer_no and media.habit = 'medium'
