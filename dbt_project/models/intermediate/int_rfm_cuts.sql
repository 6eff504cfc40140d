-- One row per day scored (scored month ends and the day of the run), axis and score that a buyer has under preset quantile: its values.
--
-- A buyer's fifth is the share of buyers with a smaller value, so equal values are in one fifth; ntile would part them by chance.
{{ config(materialized='table') }}
{%- do asked('int_former_cuts') %}
{%- set sources = {
    'month_ends': {
        'scored_on': 'month_end_on',
        'recency': days_between('last_purchased_on', 'month_end_on'),
        'frequency': 'frequency_annual',
        'monetary': 'monetary_amount_annual',
    },
    'today': {
        'scored_on': 'as_of',
        'recency': days_between('last_purchased_on', 'as_of'),
        'frequency': 'order_count_annual',
        'monetary': 'net_amount_annual',
    },
} %}
with

month_ends as (
    select * from {{ ref('int_rfm_month_ends') }}
),

history_months as (
    select * from {{ ref('int_history_months') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- on the last day of a month, today is one of the month ends
today as (
    select
        run_context.as_of,
        totals.last_purchased_on,
        totals.order_count_annual,
        totals.net_amount_annual
    from {{ ref('int_customer_totals') }} as totals
    cross join run_context
    left join history_months on run_context.as_of = history_months.month_end_on
    where totals.first_purchased_on is not null and history_months.month_end_on is null
),

counted as (
    {%- for relation, columns in sources.items() %}
        {%- for axis in ['recency', 'frequency', 'monetary'] %}
            select
                {{ columns.scored_on }} as scored_on,
                '{{ axis }}' as axis,
                cast({{ columns[axis] }} as decimal(18, 2)) as axis_value,
                count(*) as customer_count
            from {{ relation }}
            group by {{ columns.scored_on }}, {{ columns[axis] }}
            {{- '

            union all
' if not loop.last }}
        {%- endfor %}
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
),

accumulated as (
    select
        counted.*,
        sum(customer_count) over (
            partition by scored_on, axis
            order by axis_value asc nulls last
            rows between unbounded preceding and current row
        ) - customer_count as below_count,
        sum(customer_count) over (partition by scored_on, axis) as buyer_count
    from counted
),

-- whole fifths of the buyers that are below
placed as (
    select
        accumulated.*,
        cast((5 * below_count - 5 * below_count % buyer_count) / buyer_count as integer) as fifths_below
    from accumulated
),

scored as (
    select
        placed.*,
        case when axis = 'recency' then 5 - fifths_below else 1 + fifths_below end as score
    from placed
)

select
    scored_on,
    axis,
    score,
    min(axis_value) as from_value,
    max(axis_value) as to_value,
    cast(sum(customer_count) as bigint) as customer_count
from scored
group by scored_on, axis, score
