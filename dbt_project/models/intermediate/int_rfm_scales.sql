-- One row per preset (monthly, annual, quantile) and day scored (scored month ends and the day of the run): lower bound of each score.
--
-- The bounds of a configured preset are the same every day; those of quantile come from that day's buyers, null for a score of nobody.
{{ config(materialized='table') }}
{%- set bounds = [] %}
{%- for axis in ['recency', 'frequency', 'monetary'] %}
    {%- for score in range(1, 6) %}
        {%- do bounds.append((axis, score, axis ~ '_score_' ~ score ~ '_from')) %}
    {%- endfor %}
{%- endfor %}
with

presets as (
    select * from {{ ref('int_rfm_presets') }}
),

cuts as (
    select * from {{ ref('int_rfm_cuts') }}
),

days as (
    select month_end_on as scored_on from {{ ref('int_history_months') }}

    union

    select as_of as scored_on from {{ source('lake', 'run_context') }}
),

quantiles as (
    select
        {% for axis, score, column in bounds %}
            max(case when axis = '{{ axis }}' and score = {{ score }} then from_value end) as {{ column }},
        {% endfor %}
        scored_on
    from cuts
    group by scored_on
),

scales as (
    select
        presets.preset,
        {% for axis, score, column in bounds %}
            cast(presets.{{ column }} as decimal(18, 2)) as {{ column }},
        {% endfor %}
        days.scored_on
    from days
    cross join presets

    union all

    select
        'quantile' as preset,
        {% for axis, score, column in bounds %}
            quantiles.{{ column }},
        {% endfor %}
        days.scored_on
    from days
    left join quantiles on days.scored_on = quantiles.scored_on
)

select * from scales
