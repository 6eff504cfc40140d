-- One row per customer, preset and complete month since the customer's first purchase: RFM as of the month's end.
{{ config(
    materialized='renewed',
    meta={'touched_by': {'customer_id': 'int_touched_customers', 'customer_id, month_end_on': 'int_touched_scores'}}
) }}
{%- set touched = asked('int_touched_customers') %}
{%- set touched_scores = asked('int_touched_scores') %}

with

month_ends as (
    select * from {{ ref('int_rfm_month_ends') }}
    {%- if is_continuing() %}
        where
            customer_no in (select touched.customer_no from {{ touched }} as touched)
            or (customer_no, month_end_on) in (
                select
                    touched_scores.customer_no,
                    touched_scores.month_end_on
                from {{ touched_scores }} as touched_scores
            )
    {%- endif %}
),

customers as (
    select * from {{ ref('int_customers') }}
),

presets as (
    select * from {{ ref('int_rfm_scales') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

measured as (
    select
        customers.customer_id,
        month_ends.month_end_on,
        month_ends.last_purchased_on,
        presets.*,
        run_context.rfm_high_value_from_total,
        run_context.rfm_potential_from_total,
        {{ days_between('month_ends.last_purchased_on', 'month_ends.month_end_on') }} as recency_days,
        case presets.preset when 'monthly' then month_ends.frequency_monthly else month_ends.frequency_annual end as frequency,
        case presets.preset
            when 'monthly' then month_ends.monetary_amount_monthly else month_ends.monetary_amount_annual
        end as monetary_amount
    from month_ends
    inner join customers on month_ends.customer_no = customers.customer_no
    inner join presets on month_ends.month_end_on = presets.scored_on
    cross join run_context
),

scored as (
    select
        measured.*,
        {{ recency_score('recency_days') }} as recency_score,
        {{ volume_score('frequency', 'frequency') }} as frequency_score,
        {{ volume_score('monetary_amount', 'monetary') }} as monetary_score
    from measured
),

totaled as (
    select
        scored.*,
        recency_score + frequency_score + monetary_score as rfm_total
    from scored
)

select
    customer_id,
    preset,
    month_end_on,
    last_purchased_on,
    recency_days,
    frequency,
    monetary_amount,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_total,
    {{ rfm_tier('rfm_total') }} as rfm_tier
from totaled
