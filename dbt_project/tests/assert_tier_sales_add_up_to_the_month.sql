-- Buyers without a tier at the month's end would fall out of the sales by tier; orders of nobody must stay as unattributed.
with

sales as (
    select * from {{ ref('kpi') }}
    where metric = 'aov' and period_grain = 'month'
)

select
    period_start,
    sum(case when dimension = 'all' then numerator else 0 end) as total_amount,
    sum(case when dimension = 'rfm_tier' then numerator else 0 end) as tier_amount
from sales
group by period_start
having
    count(case when dimension = 'rfm_tier' then 1 end) > 0
    and (
        sum(case when dimension = 'all' then numerator else 0 end) <> sum(case when dimension = 'rfm_tier' then numerator else 0 end)
        or sum(case when dimension = 'all' then denominator else 0 end) <> sum(case when dimension = 'rfm_tier' then denominator else 0 end)
    )
