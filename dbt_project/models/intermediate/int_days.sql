-- One row per business day from the first purchase, or 27 years back, to the day of the run.
with

digits as (
    {% for digit in range(10) -%}
        select {{ digit }} as digit
        {{- ' union all' if not loop.last }}
    {% endfor %}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

numbers as (
    select ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit as number
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
),

first_days as (
    select min(purchased_on) as first_purchased_on from {{ ref('fct_orders') }}
),

days as (
    select {{ add_days('run_context.as_of', '-numbers.number') }} as day_on
    from numbers
    cross join run_context
)

select days.day_on
from days
inner join first_days on days.day_on >= first_days.first_purchased_on
