-- One row per day scored, axis and score that a buyer had under preset quantile in the last build: its lower bound. Empty in a whole build.
{{ config(materialized='table') }}

{% if is_continuing() -%}
    select
        scored_on,
        axis,
        score,
        from_value
    from {{ last_built('int_rfm_cuts') }}
{%- else -%}
    select
        month_end_on as scored_on,
        cast(null as string) as axis,
        cast(null as integer) as score,
        cast(null as decimal(18, 2)) as from_value
    from {{ ref('int_history_months') }}
    where false
{%- endif %}
