-- A customer without a tier is in no segment and in no count of a tier: the distribution would look complete and not be.
{{ config(meta={'dagster': {'ref': {'name': 'customer_rfm'}}}) }}

with

customers as (
    select count(*) as customer_count from {{ ref('dim_customers') }}
),

presets as (
    select 'monthly' as preset
    union all
    select 'annual' as preset
    union all
    select 'quantile' as preset
),

scored as (
    select
        preset,
        count(*) as customer_count
    from {{ ref('customer_rfm') }}
    where rfm_tier is not null
    group by preset
)

select
    presets.preset,
    scored.customer_count as scored_count,
    customers.customer_count
from presets
cross join customers
left join scored on presets.preset = scored.preset
where coalesce(scored.customer_count, 0) <> customers.customer_count
