-- Two rows for one metric and period: whoever reads the first sees another number than whoever sums.
select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    count(*) as row_count
from {{ ref('kpi') }}
group by metric, period_grain, period_start, dimension, dimension_value
having count(*) > 1
