-- One row per metric on predictions (ltv_predicted_12m, probability_alive, churn_probability_90d, repurchase_probability_30d), dimension
-- (all, acquisition_channel, rfm_tier) and value, of the month of the run.
--
-- Earlier months have none: what was predicted in them is in the databases of their days.
{%- set dimensions = {'all': "'all'", 'acquisition_channel': 'acquisition_channel', 'rfm_tier': 'rfm_tier'} %}
{%- set metrics = {
    'ltv_predicted_12m': 'money',
    'probability_alive': 'rate',
    'churn_probability_90d': 'rate',
    'repurchase_probability_30d': 'rate'
} %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

predictions as (
    select * from {{ source('lake', 'value_customers') }}
),

propensities as (
    select * from {{ source('lake', 'value_propensities') }}
),

customers as (
    select * from {{ ref('int_customers') }}
),

channels as (
    select * from {{ ref('int_customer_channels') }}
),

tiers as (
    select * from {{ ref('customer_rfm') }}
    where preset = 'monthly'
),

slices as (
    select * from {{ ref('int_slices') }}
    where dimension in ('{{ dimensions | join("', '") }}')
),

known as (
    select
        predictions.ltv_predicted_12m,
        cast(predictions.probability_alive as decimal(18, 6)) as probability_alive,
        cast(churn.probability as decimal(18, 6)) as churn_probability_90d,
        cast(repurchase.probability as decimal(18, 6)) as repurchase_probability_30d,
        coalesce(channels.acquisition_channel, 'unattributed') as acquisition_channel,
        coalesce(tiers.rfm_tier, 'no_purchase') as rfm_tier
    from customers
    left join predictions on customers.customer_id = predictions.customer_id
    left join propensities as churn on customers.customer_id = churn.customer_id and churn.target = 'churn_90d'
    left join propensities as repurchase on customers.customer_id = repurchase.customer_id and repurchase.target = 'repurchase_30d'
    left join channels on customers.customer_no = channels.customer_no
    left join tiers on customers.customer_id = tiers.customer_id
),

sliced as (
    {%- for dimension, value in dimensions.items() %}
        select
            '{{ dimension }}' as dimension,
            {{ value }} as dimension_value,
            sum(ltv_predicted_12m) as ltv_predicted_12m,
            count(ltv_predicted_12m) as ltv_predicted_12m_count,
            sum(probability_alive) as probability_alive,
            count(probability_alive) as probability_alive_count,
            sum(churn_probability_90d) as churn_probability_90d,
            count(churn_probability_90d) as churn_probability_90d_count,
            sum(repurchase_probability_30d) as repurchase_probability_30d,
            count(repurchase_probability_30d) as repurchase_probability_30d_count
        from known
        {%- if dimension != 'all' %}
            group by {{ value }}
        {%- endif %}
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
),

-- a union of amounts and probabilities would have the two decimals of amounts
measured as (
    {%- for metric, unit in metrics.items() %}
        select
            '{{ metric }}' as metric,
            slices.dimension,
            slices.dimension_value,
            cast(coalesce(sliced.{{ metric }}, 0) as decimal(24, 6)) as numerator,
            coalesce(sliced.{{ metric }}_count, 0) as denominator,
            '{{ unit }}' as unit
        from slices
        left join sliced on slices.dimension = sliced.dimension and slices.dimension_value = sliced.dimension_value
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
)

select
    measured.metric,
    'month' as period_grain,
    {{ start_of('month', 'run_context.as_of') }} as period_start,
    measured.dimension,
    measured.dimension_value,
    measured.numerator,
    measured.denominator,
    measured.unit,
    true as is_provisional,
    run_context.as_of
from measured
cross join run_context
