-- One row per customer and predictive tag that holds. Of two outcomes the confidence is the probability of the likelier one.
{%- set no_day = 'cast(null as date)' %}
with

prospects as (
    select * from {{ ref('int_customer_prospects') }}
)

select
    customer_no,
    'churn_risk' as tag,
    churn_risk as tag_value,
    greatest(churn_probability, 1 - churn_probability) as confidence,
    churn_basis || ', probability ' || churn_probability as evidence,
    {{ no_day }} as valid_from_on
from prospects
where churn_risk is not null

union all

select
    customer_no,
    'repurchase_likelihood' as tag,
    repurchase_likelihood as tag_value,
    greatest(repurchase_probability, 1 - repurchase_probability) as confidence,
    repurchase_basis || ', probability ' || repurchase_probability as evidence,
    {{ no_day }} as valid_from_on
from prospects
where repurchase_likelihood is not null

union all

select
    customer_no,
    'high_value_potential' as tag,
    'true' as tag_value,
    probability_alive as confidence,
    'model, ' || ltv_predicted_12m || ' expected of 12 months' as evidence,
    {{ no_day }} as valid_from_on
from prospects
where has_high_value_potential
