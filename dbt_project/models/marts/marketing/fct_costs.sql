-- One row per cost line and day that it covers, up to the day of the run, newest version.
--
-- A line over several days is spread evenly. Each day gets the whole cents that the days up to it make, less those of the days before,
-- so that the days of a line add up to it.
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

priced as (
    select
        costs.*,
        run_context.reporting_currency,
        run_context.as_of,
        rates.rate,
        {{ days_between('costs.spent_from_on', 'costs.spent_to_on') }} + 1 as day_count
    from costs
    cross join run_context
    left join rates
        on
            costs.currency_code_original = rates.currency_code
            and costs.spent_from_on >= rates.valid_from_on
            and costs.spent_from_on < rates.valid_to_on
),

converted as (
    select
        cost_key,
        channel,
        channel || ':' || coalesce(campaign_no, campaign_name) as campaign_key,
        campaign_name,
        product_id_channel,
        spent_from_on,
        day_count,
        as_of,
        reporting_currency,
        cast({{ reporting('cost_amount_original') }} * 100 as bigint) as cents,
        impression_count,
        click_count
    from priced
),

daily as (
    select
        converted.*,
        {{ one_row_for_each('day_count') }} as day_no
    from converted
),

-- what the days up to this one and up to the one before have of the line
shares as (
    select
        daily.*,
        {% for part in ['cents', 'impression_count', 'click_count'] -%}
            ({{ part }} * (day_no + 1) - {{ part }} * (day_no + 1) % day_count) / day_count as {{ part }}_to_date,
            ({{ part }} * day_no - {{ part }} * day_no % day_count) / day_count as {{ part }}_before,
        {% endfor -%}
        {{ add_days('spent_from_on', 'day_no') }} as spent_on
    from daily
)

select
    cost_key,
    spent_on,
    channel,
    campaign_key,
    campaign_name,
    channel || ':' || product_id_channel as product_key,
    cast((cents_to_date - cents_before) / 100 as decimal(18, 2)) as cost_amount,
    reporting_currency as currency_code,
    cast(impression_count_to_date - impression_count_before as bigint) as impression_count,
    cast(click_count_to_date - click_count_before as bigint) as click_count
from shares
where spent_on <= as_of
