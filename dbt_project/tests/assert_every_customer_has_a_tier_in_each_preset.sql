-- A customer without a tier is in no segment and in no count of a tier: the distribution would look complete and not be.
{{ config(meta={'dagster': {'ref': {'name': 'customer_rfm'}}}) }}

with

customers as (
    select count(*) as customer_count from {{ ref('dim_customers') }}
),

scored as (
    select
        preset,
        count(*) as customer_count
    from {{ ref('customer_rfm') }}
    group by preset
)

select
    scored.preset,
    scored.customer_count as scored_count,
    customers.customer_count
from scored
cross join customers
where scored.customer_count <> customers.customer_count
