-- One row per review or survey answer.
with

reviews as (
    {{ newest_versions(ref('stg_channel_reviews'), 'review_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

numbered as (
    select
        'review' as fact_type,
        review_key as fact_key,
        channel,
        order_no,
        cast(null as varchar) as payment_no
    from reviews
    where order_no is not null
),

order_references as (
    {{ referenced_orders('numbered') }}
)

select
    {{ impersonal_key('reviews.review_key', 'reviews.channel', 'reviews.source_record_key') }} as review_key,
    reviews.channel,
    reviews.review_type,
    identities.customer_id,
    order_references.order_key,
    reviews.channel || ':' || reviews.product_id_channel as product_key,
    cast(reviews.score as integer) as score,
    case
        when reviews.score is null then null
        when reviews.review_type = 'nps' and reviews.score >= run_context.service_promoter_from_score then 'promoter'
        when reviews.review_type = 'nps' and reviews.score <= run_context.service_detractor_up_to_score then 'detractor'
        when reviews.review_type = 'nps' then 'passive'
        when reviews.score >= run_context.service_positive_from_score then 'positive'
        else 'not_positive'
    end as sentiment,
    reviews.reviewed_at,
    {{ business_date('reviews.reviewed_at', 'run_context.business_time_zone') }} as reviewed_on
from reviews
cross join run_context
left join order_references on reviews.review_key = order_references.fact_key
left join identities on reviews.source_record_key = identities.source_record_key
