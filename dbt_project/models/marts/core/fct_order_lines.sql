-- One row per order line.
{{ config(materialized='renewed', meta={'touched_by': {'order_key': 'int_touched_lines'}}) }}
{%- set touched = asked('int_touched_lines') %}

with

lines as (
    {{ newest_touched_versions(ref('stg_channel_order_lines'), touched, 'line_key', touched_key='order_key') }}
),

-- an order export joins the titles of several articles in one line: where an item export lists them, they would be told twice
itemized_orders as (
    select distinct order_key
    from {{ touched_rows(ref('stg_channel_order_lines'), touched, 'order_key') }}
    where contains(line_key, '/item/')
),

lines_told_once as (
    select lines.*
    from lines
    left join itemized_orders on lines.order_key = itemized_orders.order_key
    where itemized_orders.order_key is null or contains(lines.line_key, '/item/')
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

dated as (
    select
        lines_told_once.*,
        run_context.reporting_currency,
        {{ business_date('lines_told_once.ordered_at', 'run_context.business_time_zone') }} as ordered_on
    from lines_told_once
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
