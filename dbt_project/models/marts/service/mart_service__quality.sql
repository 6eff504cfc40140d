-- One row per month in which cases were opened, channel and type of case: how fast they were answered and solved, and how they were rated.
with

cases as (
    select * from {{ ref('int_service_cases') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

summed as (
    select
        {{ start_of('month', 'cases.created_on') }} as opened_month,
        cases.channel,
        cases.ticket_type,
        count(*) as case_count,
        count(case when cases.is_open then 1 end) as open_case_count,
        count(cases.first_response_seconds) as answered_case_count,
        count(case when cases.was_answered_in_time then 1 end) as answered_in_time_case_count,
        median(cases.first_response_seconds) as first_response_seconds_median,
        {{ percentile('cases.first_response_seconds', 0.9) }} as first_response_seconds_p90,
        count(cases.resolution_seconds) as solved_case_count,
        median(cases.resolution_seconds) as resolution_seconds_median,
        {{ percentile('cases.resolution_seconds', 0.9) }} as resolution_seconds_p90,
        count(cases.satisfaction_score) as rated_case_count,
        {% for score in range(1, 6) -%}
            count(case when cases.satisfaction_score = {{ score }} then 1 end) as rated_{{ score }}_case_count,
        {% endfor -%}
        count(case when cases.is_satisfied then 1 end) as satisfied_case_count,
        max(run_context.service_first_response_target_seconds) as first_response_target_seconds,
        max(run_context.as_of) as as_of
    from cases
    cross join run_context
    group by {{ start_of('month', 'cases.created_on') }}, cases.channel, cases.ticket_type
)

select
    opened_month,
    channel,
    ticket_type,
    case_count,
    open_case_count,
    answered_case_count,
    answered_in_time_case_count,
    cast(answered_in_time_case_count * 1.0 / nullif(answered_case_count, 0) as double) as answered_in_time_rate,
    first_response_target_seconds,
    cast(first_response_seconds_median as double) as first_response_seconds_median,
    cast(first_response_seconds_p90 as double) as first_response_seconds_p90,
    solved_case_count,
    cast(resolution_seconds_median as double) as resolution_seconds_median,
    cast(resolution_seconds_p90 as double) as resolution_seconds_p90,
    rated_case_count,
    rated_1_case_count,
    rated_2_case_count,
    rated_3_case_count,
    rated_4_case_count,
    rated_5_case_count,
    satisfied_case_count,
    cast(satisfied_case_count * 1.0 / nullif(rated_case_count, 0) as double) as csat_rate,
    open_case_count > 0 or {{ start_of('month', 'as_of') }} = opened_month as is_provisional,
    as_of
from summed
