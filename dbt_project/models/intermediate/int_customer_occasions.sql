-- One row per customer with an occasion to write on the day of the run: a birthday, a wrong size sent back; or to keep silent.
--
-- Of a birthday nothing leaves this model but that it is near: a year that nobody alive can have is taken for an unknown one, and the day
-- counts all the same, unless it is 1 January, which forms fill in. Who was born on 29 February celebrates on 1 March in other years.
{{ config(materialized='table') }}

with

customers as (
    select * from {{ ref('int_customers') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

golden as (
    select * from {{ source('lake', 'golden_customers') }}
    where birth_on is not null
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

later_orders as (
    select * from {{ ref('stg_channel_later_orders') }}
),

refunds as (
    select * from {{ ref('fct_refunds') }}
    where status = 'succeeded' and order_key is not null and reason is not null
),

orders as (
    select
        order_key,
        customer_id
    from {{ ref('fct_orders') }}
    where customer_id is not null
),

-- month and day as one number: 229 is before 301 in every year
days as (
    select
        *,
        extract(year from as_of) - tags_oldest_age as oldest_year,
        {{ month_and_day(add_days('as_of', 'segments_greeting_lead_days')) }} as celebrated,
        {{ month_and_day(add_days('as_of', 'segments_greeting_lead_days - 1')) }} as day_before
    from run_context
),

births as (
    select
        customer_id,
        extract(year from birth_on) as birth_year,
        birth_on,
        {{ month_and_day('birth_on') }} as born
    from golden
),

celebrating as (
    select births.customer_id
    from births
    cross join days
    where
        (births.born = days.celebrated or (births.born = 229 and days.celebrated = 301 and days.day_before = 228))
        and (births.born <> 101 or (births.birth_year >= days.oldest_year and births.birth_on <= days.as_of))
),

-- a reason is told thousands of times and looked at once
wrong_sizes as (
    select reasons.reason
    from (select distinct reason from refunds) as reasons
    cross join run_context
    where {{ text_matches('lower(reasons.reason)', 'run_context.service_wrong_size_pattern') }}
),

returned as (
    select
        orders.customer_id,
        max(refunds.refunded_on) as wrong_size_returned_on
    from refunds
    inner join wrong_sizes on refunds.reason = wrong_sizes.reason
    inner join orders on refunds.order_key = orders.order_key
    group by orders.customer_id
),

ordering as (
    select distinct identities.customer_id
    from later_orders
    inner join identities on later_orders.source_record_key = identities.source_record_key
)

select
    customers.customer_no,
    celebrating.customer_id is not null as has_birthday_soon,
    ordering.customer_id is not null as has_ordered_after_day,
    returned.wrong_size_returned_on
from customers
left join celebrating on customers.customer_id = celebrating.customer_id
left join ordering on customers.customer_id = ordering.customer_id
left join returned on customers.customer_id = returned.customer_id
where celebrating.customer_id is not null or ordering.customer_id is not null or returned.customer_id is not null
