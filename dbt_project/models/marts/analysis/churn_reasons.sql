-- One row per stage (churned, declining) and reason: how many of the stage it was found for, against those who stayed.
with

reasons as (
    select
        customer_id,
        reason,
        case when lifecycle_stage in ('churned', 'declining') then lifecycle_stage else 'stayed' end as outcome
    from {{ ref('int_churn_reasons') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

found as (
    select
        outcome,
        reason,
        count(*) as customer_count
    from reasons
    group by outcome, reason
),

outcomes as (
    select
        outcome,
        count(distinct customer_id) as all_customer_count
    from reasons
    group by outcome
),

-- reasons that were found for nobody are rows too
grid as (
    {% for stage in ['churned', 'declining'] -%}
        {% set last_stage = loop.last -%}
        {% for reason in ['refund', 'complaint', 'late_delivery', 'low_score', 'none_found'] -%}
            select
                '{{ stage }}' as lifecycle_stage,
                '{{ reason }}' as reason
            {{- ' union all ' if not (last_stage and loop.last) }}
        {% endfor %}
    {% endfor %}
),

counted as (
    select
        grid.lifecycle_stage,
        grid.reason,
        coalesce(found.customer_count, 0) as customer_count,
        coalesce(outcomes.all_customer_count, 0) as all_customer_count,
        coalesce(stayed_found.customer_count, 0) as stayed_customer_count,
        coalesce(stayed_outcomes.all_customer_count, 0) as stayed_all_customer_count
    from grid
    left join found on grid.lifecycle_stage = found.outcome and grid.reason = found.reason
    left join outcomes on grid.lifecycle_stage = outcomes.outcome
    left join found as stayed_found on grid.reason = stayed_found.reason and stayed_found.outcome = 'stayed'
    left join outcomes as stayed_outcomes on stayed_outcomes.outcome = 'stayed'
)

select
    counted.lifecycle_stage,
    counted.reason,
    counted.customer_count,
    counted.all_customer_count,
    cast(counted.customer_count as double) / nullif(counted.all_customer_count, 0) as share_rate,
    counted.stayed_customer_count,
    counted.stayed_all_customer_count,
    cast(counted.stayed_customer_count as double) / nullif(counted.stayed_all_customer_count, 0) as stayed_share_rate,
    cast(counted.customer_count as double) * counted.stayed_all_customer_count
    / nullif(cast(counted.stayed_customer_count as double) * counted.all_customer_count, 0) as lift,
    run_context.as_of
from counted
cross join run_context
