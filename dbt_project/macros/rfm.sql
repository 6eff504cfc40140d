{# Scores by the bands of a row of `int_rfm_presets`, whose columns are in scope. Null values have no score. #}

{# Fewer days are better: the highest bound that is not above `days` decides. #}
{% macro recency_score(days) -%}
    case
        when {{ days }} is null then null
        when {{ days }} >= recency_score_1_from then 1
        when {{ days }} >= recency_score_2_from then 2
        when {{ days }} >= recency_score_3_from then 3
        when {{ days }} >= recency_score_4_from then 4
        else 5
    end
{%- endmacro %}

{# More is better, for `axis` frequency or monetary. #}
{% macro volume_score(value, axis) -%}
    case
        when {{ value }} is null then null
        when {{ value }} >= {{ axis }}_score_5_from then 5
        when {{ value }} >= {{ axis }}_score_4_from then 4
        when {{ value }} >= {{ axis }}_score_3_from then 3
        when {{ value }} >= {{ axis }}_score_2_from then 2
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
