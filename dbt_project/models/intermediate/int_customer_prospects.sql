-- One row per customer of whom anything is predicted: what it says in words, and the figures behind it.
{{ config(materialized='table') }}

with

predictions as (
    select * from {{ source('lake', 'value_customers') }}
),

propensities as (
    select
        customer_id,
        target,
        basis,
        cast(probability as decimal(5, 4)) as probability
    from {{ source('lake', 'value_propensities') }}
    where probability is not null
),

customers as (
    select * from {{ ref('int_customers') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

bands as (
    select * from {{ ref('int_tag_bands') }}
),

-- the least that preset annual gives the highest score
high_values as (
    select monetary_score_5_from as high_value_from from {{ ref('int_rfm_presets') }}
    where preset = 'annual'
),

banded as (
    select
        propensities.customer_id,
        propensities.target,
        propensities.basis,
        propensities.probability,
        bands.band
    from propensities
    inner join bands
        on
            propensities.probability >= bands.from_value
            and propensities.probability < bands.below_value
            and bands.tag = case propensities.target
                when 'churn_90d' then 'churn_risk'
                when 'repurchase_30d' then 'repurchase_likelihood'
            end
)

select
    customers.customer_no,
    churn.band as churn_risk,
    churn.probability as churn_probability,
    churn.basis as churn_basis,
    repurchase.band as repurchase_likelihood,
    repurchase.probability as repurchase_probability,
    repurchase.basis as repurchase_basis,
    predictions.ltv_predicted_12m,
    cast(predictions.probability_alive as decimal(5, 4)) as probability_alive,
    coalesce(
        predictions.value_basis = 'model'
        and cast(predictions.probability_alive as decimal(5, 4)) > 0
        and predictions.ltv_predicted_12m >= high_values.high_value_from
        and coalesce(totals.net_amount_365d, 0) < high_values.high_value_from,
        false
    ) as has_high_value_potential
from predictions
inner join customers on predictions.customer_id = customers.customer_id
cross join high_values
left join totals on customers.customer_no = totals.customer_no
left join banded as churn on predictions.customer_id = churn.customer_id and churn.target = 'churn_90d'
left join banded as repurchase on predictions.customer_id = repurchase.customer_id and repurchase.target = 'repurchase_30d'
