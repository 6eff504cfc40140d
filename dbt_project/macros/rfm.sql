{# Scores by the bands of a row of `int_rfm_presets`, named `presets`. Null values have no score. #}

{# Fewer days are better: the highest bound that is not above `days` decides. #}
{% macro recency_score(days) -%}
    case
        when {{ days }} is null then null
        {%- for score in range(1, 5) %}
        when {{ days }} >= presets.recency_score_{{ score }}_from then {{ score }}
        {%- endfor %}
        else 5
    end
{%- endmacro %}

{# More is better, for `axis` frequency or monetary. #}
{% macro volume_score(value, axis) -%}
    case
        when {{ value }} is null then null
        {%- for score in range(5, 1, -1) %}
        when {{ value }} >= presets.{{ axis }}_score_{{ score }}_from then {{ score }}
        {%- endfor %}
        else 1
    end
{%- endmacro %}

{# Tier of a total; who has none has not bought. Reads the thresholds of `run_context`. #}
{% macro rfm_tier(total) -%}
    case
        when {{ total }} is null then 'no_purchase'
        when {{ total }} >= rfm_high_value_from_total then 'high_value'
        when {{ total }} >= rfm_potential_from_total then 'potential'
        else 'lapsed'
    end
{%- endmacro %}
