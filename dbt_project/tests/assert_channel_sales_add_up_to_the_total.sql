-- A channel that is missing from the slices, or counted twice, would show only in the sum.
with

sales as (
    select * from {{ ref('kpi') }}
    where metric = 'net_sales'
)

select
    period_grain,
    period_start,
    sum(case when dimension = 'all' then numerator else 0 end) as total_amount,
    sum(case when dimension = 'channel' then numerator else 0 end) as channel_amount
from sales
group by period_grain, period_start
having sum(case when dimension = 'all' then numerator else 0 end) <> sum(case when dimension = 'channel' then numerator else 0 end)
