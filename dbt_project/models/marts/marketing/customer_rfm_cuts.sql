-- One row per day scored, axis and score that some buyer has under preset quantile: the values that give the score.
with

cuts as (
    select * from {{ ref('int_rfm_cuts') }}
)

select
    scored_on,
    axis,
    score,
    from_value,
    to_value,
    customer_count
from cuts
