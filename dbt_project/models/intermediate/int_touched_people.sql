-- One row per customer who came, went or has another golden value that kept rows show: the number in the last build. Empty in a whole one.
{{ config(materialized='table') }}
{%- set shown = ['registered_at', 'registration_channel', 'gender', 'province'] %}
with

golden as (
    select * from {{ source('lake', 'golden_customers') }}
),

{% if is_continuing() -%}
    last_customers as (
        select * from {{ last_built('int_customers') }}
    ),

    touched as (
        select
            coalesce(golden.customer_id, last_customers.customer_id) as customer_id,
            last_customers.customer_no as former_customer_no
        from golden
        full outer join last_customers on golden.customer_id = last_customers.customer_id
        cross join lake.last_build
        where
            golden.customer_id is null
            -- registered after the day of the last build, which did not show it
            or golden.registered_at >= last_build.as_of_end_at
            or last_customers.customer_id is null
            {%- for column in shown %}
                or golden.{{ column }} is distinct from last_customers.{{ column }}
            {%- endfor %}
    )
{%- else -%}
    touched as (
        select
            customer_id,
            cast(null as bigint) as former_customer_no
        from golden
        where false
    )
{%- endif %}

select * from touched
