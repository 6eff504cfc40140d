-- A buyer whose value lies in no published band has a score that nobody can explain.
{{ config(meta={'dagster': {'ref': {'name': 'customer_rfm_cuts'}}}) }}

with

cuts as (
    select * from {{ ref('customer_rfm_cuts') }}
),

scores as (
    select
        as_of as scored_on,
        'recency' as axis,
        recency_score as score
    from {{ ref('customer_rfm') }}
    where preset = 'quantile' and recency_score is not null

    union all

    select
        as_of as scored_on,
        'frequency' as axis,
        frequency_score as score
    from {{ ref('customer_rfm') }}
    where preset = 'quantile' and frequency_score is not null

    union all

    select
        as_of as scored_on,
        'monetary' as axis,
        monetary_score as score
    from {{ ref('customer_rfm') }}
    where preset = 'quantile' and monetary_score is not null
),

scored as (
    select
        scored_on,
        axis,
        score,
        count(*) as customer_count
    from scores
    group by scored_on, axis, score
)

select
    scored.scored_on,
    scored.axis,
    scored.score,
    scored.customer_count,
    cuts.customer_count as band_count
from scored
left join cuts on scored.scored_on = cuts.scored_on and scored.axis = cuts.axis and scored.score = cuts.score
where scored.customer_count is distinct from cuts.customer_count
