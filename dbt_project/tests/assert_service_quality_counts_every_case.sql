-- A case that falls out of a month, or stands in two, would make the desk look better or worse than it was.
{{ config(meta={'dagster': {'ref': {'name': 'mart_service__quality'}}}) }}

with

tickets as (
    select
        count(*) as case_count,
        count(satisfaction_score) as rated_case_count
    from {{ ref('fct_tickets') }}
),

months as (
    select
        coalesce(sum(case_count), 0) as case_count,
        coalesce(sum(rated_case_count), 0) as rated_case_count,
        coalesce(
            sum(rated_1_case_count + rated_2_case_count + rated_3_case_count + rated_4_case_count + rated_5_case_count), 0
        ) as scored_case_count
    from {{ ref('mart_service__quality') }}
)

select
    tickets.case_count as delivered_count,
    months.case_count as counted_count,
    tickets.rated_case_count as delivered_rated_count,
    months.rated_case_count as counted_rated_count,
    months.scored_case_count
from tickets
cross join months
where
    tickets.case_count <> months.case_count
    or tickets.rated_case_count <> months.rated_case_count
    or tickets.rated_case_count <> months.scored_case_count
