-- One row per order line.
with

lines as (
    {{ newest_versions(ref('stg_channel_order_lines'), 'line_key') }}
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

dated as (
    select
        lines.*,
        run_context.reporting_currency,
        {{ business_date('lines.ordered_at', 'run_context.business_time_zone') }} as ordered_on
    from lines
    cross join run_context
),

rated as (
    select
        dated.*,
        rates.rate
    from dated
    left join rates
        on
            dated.currency_code_original = rates.currency_code
            and dated.ordered_on >= rates.valid_from_on
            and dated.ordered_on < rates.valid_to_on
)

select
    line_key,
    order_key,
    channel,
    line_no,
    line_type,
    ordered_at,
    ordered_on,
    channel || ':' || product_id_channel as product_key,
    product_name,
    quantity,
    reporting_currency as currency_code,
    {{ reporting('line_amount_original') }} as line_amount,
    {{ reporting('discount_amount_original') }} as discount_amount,
    currency_code_original,
    line_amount_original,
    discount_amount_original
from rated
