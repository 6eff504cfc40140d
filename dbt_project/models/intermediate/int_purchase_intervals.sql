-- One row per customer and category with at least two days of purchase: the days between them; category 0 stands for purchases of any kind.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_buyers'}}) }}
{%- set touched = asked('int_touched_buyers') %}

with

gaps as (
    select * from {{ touched_rows(ref('int_purchase_gaps'), touched, 'customer_no') }}
),

numbered as (
    select
        customer_no,
        category_no,
        purchased_on,
        interval_days,
        row_number() over (partition by customer_no, category_no order by interval_days asc nulls last) as interval_no,
        count(*) over (partition by customer_no, category_no) as interval_count
    from gaps
)

-- the median is the middle one, or the mean of the two in the middle
select
    customer_no,
    category_no,
    max(purchased_on) as last_purchased_on,
    max(interval_count) as interval_count,
    min(interval_days) as shortest_interval_days,
    max(interval_days) as longest_interval_days,
    cast(sum(interval_days) as double) / max(interval_count) as mean_interval_days,
    avg(cast(case when 2 * interval_no between interval_count and interval_count + 2 then interval_days end as double))
        as median_interval_days
from numbered
group by customer_no, category_no
