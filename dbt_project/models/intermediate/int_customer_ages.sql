-- One row per customer who declared a birthday that somebody alive can have: the age group on the last month end.
--
-- Nothing else of the birthday leaves this model. Who was born on 29 February is a year older on 1 March.
{{ config(materialized='table') }}

with

golden as (
    select * from {{ source('lake', 'golden_customers') }}
    where birth_on is not null
),

customers as (
    select * from {{ ref('int_customers') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
),

bands as (
    select * from {{ ref('int_tag_bands') }}
    where tag = 'age_group'
),

-- month and day as one number: 229 is before 301 in every year
ages as (
    select
        golden.customer_id,
        context.tags_oldest_age,
        extract(year from context.month_end_on) - extract(year from golden.birth_on)
        - case
            when {{ month_and_day('context.month_end_on') }} < {{ month_and_day('golden.birth_on') }} then 1
            else 0
        end as age_years
    from golden
    cross join context
)

select
    customers.customer_no,
    bands.band as age_group
from ages
inner join customers on ages.customer_id = customers.customer_id
inner join bands on ages.age_years >= bands.from_value and ages.age_years < bands.below_value
where ages.age_years between 0 and ages.tags_oldest_age
