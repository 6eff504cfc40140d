-- One row per preset: its window and the lower bound of each score on each axis.
with

bands as (
    select * from {{ source('lake', 'rfm_bands') }}
)

select
    preset,
    {% for axis in ['recency', 'frequency'] %}
        {% for score in range(1, 6) %}
            cast(
                max(case when axis = '{{ axis }}' and score = {{ score }} then from_value end) as bigint
            ) as {{ axis }}_score_{{ score }}_from,
        {% endfor %}
    {% endfor %}
    {% for score in range(1, 6) %}
        max(case when axis = 'monetary' and score = {{ score }} then from_value end) as monetary_score_{{ score }}_from,
    {% endfor %}
    max(window_days) as window_days
from bands
group by preset
