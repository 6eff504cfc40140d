-- One row per customer: a number that stands for the id, because numbers group and sort three times as fast as ids.
--
-- A customer keeps the number as long as builds continue each other.
{%- do asked('int_touched_people') %}
{{ config(materialized='table') }}

with

customers as (
    select * from {{ source('lake', 'golden_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

{% if is_continuing() -%}
    known as (
        select
            customer_id,
            customer_no
        from {{ this }}
    ),

    -- a number that somebody had who is gone is given to nobody else: rows under it may still wait to be deleted
    highest as (
        select max(customer_no) as customer_no from known
    ),

    newcomers as (
        select
            customers.customer_id,
            row_number() over (order by customers.customer_id asc nulls last) as newcomer_no
        from customers
        anti join known on customers.customer_id = known.customer_id
    ),

    numbered as (
        select
            customers.*,
            coalesce(known.customer_no, coalesce(highest.customer_no, 0) + newcomers.newcomer_no) as customer_no
        from customers
        cross join highest
        left join known on customers.customer_id = known.customer_id
        left join newcomers on customers.customer_id = newcomers.customer_id
    )
{%- else -%}
    numbered as (
        select
            customers.*,
            row_number() over (order by customers.customer_id asc nulls last) as customer_no
        from customers
    )
{%- endif %}

select
    numbered.customer_no,
    numbered.customer_id,
    numbered.registered_at,
    {{ business_date('numbered.registered_at', 'run_context.business_time_zone') }} as registered_on,
    numbered.registration_channel,
    numbered.gender,
    numbered.province
from numbered
cross join run_context
