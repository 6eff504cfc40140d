{# The values of a group, sorted and separated by commas. #}
{% macro joined_text(value) -%}
    {{ return(adapter.dispatch('joined_text')(value)) }}
{%- endmacro %}

{% macro default__joined_text(value) -%}
    string_agg({{ value }}, ',' order by {{ value }})
{%- endmacro %}

{% macro spark__joined_text(value) -%}
    array_join(array_sort(collect_list({{ value }})), ',')
{%- endmacro %}
