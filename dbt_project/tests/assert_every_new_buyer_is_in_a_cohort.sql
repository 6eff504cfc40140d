-- Cohorts and the new-buyer metric come by different roads from the same first purchases.
{{ config(meta={'dagster': {'ref': {'name': 'cohort_retention'}}}) }}

with

cohorts as (
    select
        first_purchase_month,
        customer_count
    from {{ ref('cohort_retention') }}
    where months_since = 0
),

new_buyers as (
    select
        period_start,
        denominator
    from {{ ref('kpi') }}
    where metric = 'new_buyer_repurchase_30d' and denominator > 0
)

select
    cohorts.first_purchase_month,
    cohorts.customer_count,
    new_buyers.period_start,
    new_buyers.denominator
from cohorts
full outer join new_buyers on cohorts.first_purchase_month = new_buyers.period_start
where cohorts.customer_count is distinct from new_buyers.denominator
