-- One row per customer and tag of kind basic that holds. `valid_from_on` is null where nothing but the refresh tells since when.
{%- set no_day = 'cast(null as date)' %}
with

customers as (
    select
        numbers.customer_no,
        people.*
    from {{ ref('dim_customers') }} as people
    inner join {{ ref('int_customers') }} as numbers on people.customer_id = numbers.customer_id
),

claims as (
    select * from {{ ref('int_customer_claims') }}
),

ages as (
    select * from {{ ref('int_customer_ages') }}
),

tastes as (
    select * from {{ ref('int_customer_tastes') }}
    where gender_inferred is not null
),

life_stages as (
    select * from {{ ref('int_customer_life_stages') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
)

select
    customer_no,
    'age_group' as tag,
    age_group as tag_value,
    cast(1 as decimal(5, 4)) as confidence,
    'declared birthday' as evidence,
    {{ no_day }} as valid_from_on
from ages

union all

select
    customers.customer_no,
    'gender' as tag,
    customers.gender as tag_value,
    1 as confidence,
    'declared' as evidence,
    claims.gender_claimed_on as valid_from_on
from customers
left join claims on customers.customer_no = claims.customer_no
where customers.gender is not null

union all

select
    customer_no,
    'gender_inferred' as tag,
    gender_inferred as tag_value,
    gender_inferred_confidence as confidence,
    inferred_gender_line_count || ' of ' || gender_line_count || ' lines in categories that are a sign' as evidence,
    {{ no_day }} as valid_from_on
from tastes

union all

select
    customers.customer_no,
    'home_region' as tag,
    customers.province as tag_value,
    1 as confidence,
    'stated by a channel' as evidence,
    claims.province_claimed_on as valid_from_on
from customers
left join claims on customers.customer_no = claims.customer_no
where customers.province is not null

union all

select
    customer_no,
    'registration_channel' as tag,
    registration_channel as tag_value,
    1 as confidence,
    'earliest registration' as evidence,
    registered_on as valid_from_on
from customers
where registration_channel is not null

union all

select
    customers.customer_no,
    'new_customer' as tag,
    'true' as tag_value,
    1 as confidence,
    'registered ' || {{ days_between('customers.registered_on', 'context.as_of') }} || ' days ago' as evidence,
    customers.registered_on as valid_from_on
from customers
cross join context
where {{ days_between('customers.registered_on', 'context.as_of') }} <= context.lifecycle_new_within_days

union all

select
    customer_no,
    'life_stage' as tag,
    life_stage as tag_value,
    day_share as confidence,
    'signs on ' || sign_day_count || ' of ' || seen_day_count || ' days' as evidence,
    {{ no_day }} as valid_from_on
from life_stages
