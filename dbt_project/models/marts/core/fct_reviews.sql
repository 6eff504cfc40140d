-- One row per review or survey answer.
{{ config(materialized='renewed', meta={'touched_by': {'review_key': 'int_touched_facts'}}) }}
{%- set touched = asked('int_touched_facts') %}

with

reviews as (
    {{ newest_touched_versions(ref('stg_channel_reviews'), touched, 'review_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

order_references as (
    select * from {{ ref('int_order_references') }}
    where fact_type = 'review'
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
