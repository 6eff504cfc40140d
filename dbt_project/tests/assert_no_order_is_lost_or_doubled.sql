-- A join that fans out, or an inner join where a left one belongs, changes every total a little and nothing visibly.
{{ config(meta={'dagster': {'ref': {'name': 'fct_orders'}}}) }}

with

delivered as (
    select count(distinct {{ key_hash('order_key') }}) as order_count from {{ ref('stg_channel_orders') }}
),

built as (
    select count(*) as order_count from {{ ref('fct_orders') }}
)

select
    delivered.order_count as delivered_count,
    built.order_count as built_count
from delivered
cross join built
where delivered.order_count <> built.order_count
