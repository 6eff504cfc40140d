-- One row per customer: a number that stands for the id within one run, because numbers group and sort three times as fast as ids.
{{ config(materialized='table') }}

with

customers as (
    select * from {{ source('lake', 'golden_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    row_number() over (order by customers.customer_id asc nulls last) as customer_no,
    customers.customer_id,
    customers.registered_at,
    {{ business_date('customers.registered_at', 'run_context.business_time_zone') }} as registered_on
from customers
cross join run_context
