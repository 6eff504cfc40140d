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
        numerator as buyer_count
    from {{ ref('kpi') }}
    where metric = 'new_buyers' and period_grain = 'month' and dimension = 'all' and numerator > 0
)

select
    cohorts.first_purchase_month,
    cohorts.customer_count,
    new_buyers.period_start,
    new_buyers.buyer_count
from cohorts
full outer join new_buyers on cohorts.first_purchase_month = new_buyers.period_start
where cohorts.customer_count is distinct from new_buyers.buyer_count
