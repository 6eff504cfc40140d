-- One row per segment, metric and pair of arms of its test.
with

moments as (
    select
        segment_name as test,
        metric,
        arm,
        customer_count,
        total,
        total_squares
    from {{ ref('int_arm_moments') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

ends as (
    select
        segment_name,
        max(last_assigned_on) as last_assigned_on
    from {{ ref('int_arm_moments') }}
    group by segment_name
),

compared as (
    {{ compared_arms('moments', 'run_context') }}
)

select
    compared.test as segment_name,
    compared.metric,
    compared.arm,
    compared.against_arm,
    compared.metric = run_context.marketing_declared_metric as is_declared,
    compared.customer_count,
    compared.against_customer_count,
    compared.mean,
    compared.against_mean,
    compared.standard_deviation,
    compared.against_standard_deviation,
    compared.difference,
    compared.difference_low,
    compared.difference_high,
    compared.confidence,
    compared.p_value,
    compared.winner,
    compared.smallest_detectable_difference,
    case when compared.metric = 'revenue_per_customer' then run_context.reporting_currency else 'rate' end as unit,
    {{ add_days('ends.last_assigned_on', 'run_context.marketing_readout_days') }} > run_context.as_of as is_provisional,
    run_context.as_of
from compared
cross join run_context
inner join ends on compared.test = ends.segment_name
