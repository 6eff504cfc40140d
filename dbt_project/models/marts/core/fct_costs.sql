-- One row per advertising or messaging cost line.
with

costs as (
    {{ newest_versions(ref('stg_channel_costs'), 'cost_key') }}
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

rated as (
    select
        costs.*,
        run_context.reporting_currency,
        rates.rate
    from costs
    cross join run_context
    left join rates
        on
            costs.currency_code_original = rates.currency_code
            and costs.spent_from_on >= rates.valid_from_on
            and costs.spent_from_on < rates.valid_to_on
)

select
    cost_key,
    channel,
    channel || ':' || campaign_no as campaign_key,
    campaign_name,
    channel || ':' || product_id_channel as product_key,
    spent_from_on,
    spent_to_on,
    reporting_currency as currency_code,
    {{ reporting('cost_amount_original') }} as cost_amount,
    currency_code_original,
    cost_amount_original,
    impression_count,
    click_count
from rated
