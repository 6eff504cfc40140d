-- One row per customer and month end with a value for which preset quantile may give another score than in the last build. Empty in a
-- whole build.
--
-- Where a score's lower bound has moved, only values between the two bounds have another score; where it came or went, all above it may.
{{ config(materialized='table') }}
{%- set values = {
    'recency': days_between('month_ends.last_purchased_on', 'month_ends.month_end_on'),
    'frequency': 'month_ends.frequency_annual',
    'monetary': 'month_ends.monetary_amount_annual',
} %}
{#- more than any value: where a score is nobody's, it has no bound -#}
{%- set no_bound = '9999999999999999' %}
{#- values of the lowest fifth need no bound -#}
{%- set bounds = [] %}
{%- for axis, scores in {'recency': [1, 2, 3, 4], 'frequency': [2, 3, 4, 5], 'monetary': [2, 3, 4, 5]}.items() %}
    {%- for score in scores %}
        {%- do bounds.append((axis, score)) %}
    {%- endfor %}
{%- endfor %}
{%- set cuts = ref('int_rfm_cuts') %}
{%- set former_cuts = ref('int_former_cuts') %}
{%- set month_ends = ref('int_rfm_month_ends') %}
{%- set customers = ref('int_customers') %}
with

{% if is_continuing() -%}
    moved as (
        select
            coalesce(cuts.scored_on, former_cuts.scored_on) as scored_on,
            coalesce(cuts.axis, former_cuts.axis) as axis,
            coalesce(cuts.score, former_cuts.score) as score,
            least(coalesce(cuts.from_value, {{ no_bound }}), coalesce(former_cuts.from_value, {{ no_bound }})) as from_value,
            greatest(coalesce(cuts.from_value, {{ no_bound }}), coalesce(former_cuts.from_value, {{ no_bound }})) as below_value
        from {{ cuts }} as cuts
        full outer join {{ former_cuts }} as former_cuts
            on
                cuts.scored_on = former_cuts.scored_on
                and cuts.axis = former_cuts.axis
                and cuts.score = former_cuts.score
        where coalesce(cuts.from_value, {{ no_bound }}) <> coalesce(former_cuts.from_value, {{ no_bound }})
    ),

    -- one row a month end, so that values are compared without a join of each with every bound
    ranges as (
        select
            {% for axis, score in bounds %}
                max(case when axis = '{{ axis }}' and score = {{ score }} then from_value end) as {{ axis }}_{{ score }}_from,
                max(case when axis = '{{ axis }}' and score = {{ score }} then below_value end) as {{ axis }}_{{ score }}_below,
            {% endfor %}
            scored_on
        from moved
        group by scored_on
    ),

    touched as (
        select
            month_ends.customer_no,
            month_ends.month_end_on
        from {{ month_ends }} as month_ends
        inner join ranges on month_ends.month_end_on = ranges.scored_on
        where
            {% for axis, score in bounds %}
                {{ 'or ' if not loop.first }}(
                    {{ values[axis] }} >= ranges.{{ axis }}_{{ score }}_from
                    and {{ values[axis] }} < ranges.{{ axis }}_{{ score }}_below
                )
            {% endfor %}
    )
{%- else -%}
    touched as (
        select
            month_ends.customer_no,
            month_ends.month_end_on
        from {{ month_ends }} as month_ends
        where false
    )
{%- endif %}

select
    customers.customer_id,
    touched.customer_no,
    touched.month_end_on
from touched
inner join {{ customers }} as customers on touched.customer_no = customers.customer_no
