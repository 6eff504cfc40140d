-- One row per cost line and day that it covers, up to the day of the run.
--
-- A line over several days is spread evenly. Each day gets the whole cents that the days up to it make, less those of the days before,
-- so that the days of a line add up to it.
with

costs as (
    select * from {{ ref('fct_costs') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

measured as (
    select
        costs.*,
        run_context.as_of,
        {{ days_between('costs.spent_from_on', 'costs.spent_to_on') }} + 1 as day_count,
        cast(costs.cost_amount * 100 as bigint) as cents
    from costs
    cross join run_context
),

daily as (
    select
        measured.*,
        {{ one_row_for_each('day_count') }} as day_no
    from measured
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
    coalesce(campaign_key, channel || ':' || campaign_name) as campaign_key,
    product_key,
    cast((cents_to_date - cents_before) / 100 as decimal(18, 2)) as cost_amount,
    currency_code,
    cast(impression_count_to_date - impression_count_before as bigint) as impression_count,
    cast(click_count_to_date - click_count_before as bigint) as click_count
from shares
where spent_on <= as_of
