-- The total of a customer and the list behind it are read by different people: they must not tell different stories.
{{ config(meta={'dagster': {'ref': {'name': 'customer_points_differences'}}}) }}

with

listed as (
    select
        customer_id,
        count(*) as difference_count,
        sum(points_difference) as points_difference
    from {{ ref('customer_points_differences') }}
    group by customer_id
)

select
    totals.customer_id,
    totals.difference_count,
    listed.difference_count as listed_count,
    totals.points_difference,
    listed.points_difference as listed_difference
from {{ ref('customer_points') }} as totals
full outer join listed on totals.customer_id = listed.customer_id
where
    totals.customer_id is null
    or totals.difference_count <> coalesce(listed.difference_count, 0)
    or totals.points_difference <> coalesce(listed.points_difference, 0)
