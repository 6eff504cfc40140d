-- One row per month or quarter in which customers became known, and stage of the journey: how many came so far.
--
-- Who bought must have been interested, whether anybody tracked it or not: a stage is reached with it or with a later one, so that no
-- stage is larger than the one before. Only who recommends is counted among those who bought again: others answer surveys too.
with

activity as (
    select * from {{ ref('int_customer_activity') }}
    where known_on is not null
),

firsts as (
    select * from {{ ref('int_customer_firsts') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

signs_of_interest as (
    select distinct customer_id
    from {{ ref('fct_events') }}
    where
        customer_id is not null
        and event_name in (
            'product_viewed', 'product_added', 'product_favorited', 'cart_viewed', 'checkout_started', 'searched', 'email_clicked'
        )

    union

    select distinct customer_id
    from {{ ref('fct_interactions') }}
    where customer_id is not null and interaction_type in ('followed', 'chatted', 'visited', 'added_staff')
),

promoters as (
    select distinct reviews.customer_id
    from {{ ref('fct_reviews') }} as reviews
    inner join run_context on reviews.score >= run_context.service_promoter_from_score
    where reviews.review_type = 'nps' and reviews.customer_id is not null
),

did as (
    select
        activity.known_on,
        case when signs_of_interest.customer_id is not null then 1 else 0 end as interest,
        case when firsts.customer_no is not null then 1 else 0 end as purchase,
        case when firsts.second_purchased_on is not null then 1 else 0 end as repurchase,
        case when promoters.customer_id is not null then 1 else 0 end as recommendation
    from activity
    left join signs_of_interest on activity.customer_id = signs_of_interest.customer_id
    left join firsts on activity.customer_no = firsts.customer_no
    left join promoters on activity.customer_id = promoters.customer_id
),

customers as (
    {% for grain in ['month', 'quarter'] -%}
        select
            '{{ grain }}' as period_grain,
            {{ start_of(grain, 'known_on') }} as period_start,
            interest,
            purchase,
            repurchase,
            recommendation
        from did
        {{- ' union all ' if not loop.last }}
    {% endfor %}
),

cohorts as (
    select
        period_grain,
        period_start,
        count(*) as known_count,
        sum(interest) as interest_count,
        sum(greatest(interest, purchase)) as interested_count,
        sum(purchase) as bought_count,
        sum(repurchase) as bought_again_count,
        sum(recommendation) as recommendation_count,
        sum(repurchase * recommendation) as recommends_count
    from customers
    group by period_grain, period_start
),

stages as (
    {% for stage, reached, did_it, before in [
        ('aware', 'known_count', 'known_count', 'null'),
        ('interested', 'interested_count', 'interest_count', 'known_count'),
        ('bought', 'bought_count', 'bought_count', 'interested_count'),
        ('bought_again', 'bought_again_count', 'bought_again_count', 'bought_count'),
        ('recommends', 'recommends_count', 'recommendation_count', 'bought_again_count'),
    ] -%}
        select
            period_grain,
            period_start,
            {{ loop.index }} as stage_number,
            '{{ stage }}' as stage,
            {{ reached }} as customer_count,
            {{ did_it }} as did_customer_count,
            {{ before }} as previous_customer_count,
            known_count
        from cohorts
        {{- ' union all ' if not loop.last }}
    {% endfor %}
)

select
    stages.period_grain,
    stages.period_start,
    stages.stage_number,
    stages.stage,
    cast(stages.customer_count as bigint) as customer_count,
    cast(stages.did_customer_count as bigint) as did_customer_count,
    cast(stages.customer_count as double) / stages.known_count as cohort_share_rate,
    cast(stages.customer_count as double) / nullif(stages.previous_customer_count, 0) as conversion_rate,
    case stages.period_grain
        when 'month' then {{ add_months('stages.period_start', 1) }} > {{ add_days('run_context.as_of', 1) }}
        else {{ add_months('stages.period_start', 3) }} > {{ add_days('run_context.as_of', 1) }}
    end as is_provisional,
    run_context.as_of
from stages
cross join run_context
