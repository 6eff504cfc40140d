-- One row per foreign currency and the days for which its rate into the reporting currency holds.
with

rates as (
    select rates.*
    from {{ source('lake', 'currency_rates') }} as rates
    inner join {{ source('lake', 'run_context') }} as run_context
        on
            rates.reporting_currency_code = run_context.reporting_currency
            and rates.currency_code <> run_context.reporting_currency
),

periods as (
    select
        currency_code,
        rate,
        valid_from_on,
        lead(valid_from_on) over (partition by currency_code order by valid_from_on asc nulls last) as valid_to_on
    from rates
)

select
    currency_code,
    rate,
    valid_from_on,
    coalesce(valid_to_on, date '9999-12-31') as valid_to_on
from periods
