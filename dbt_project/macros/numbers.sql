{# A number of its own for each row, in no order and another one in each run: only for tables that are written once and then read. #}
{% macro any_number() -%}
    {{ return(adapter.dispatch('any_number')()) }}
{%- endmacro %}

{% macro default__any_number() -%}
    row_number() over ()
{%- endmacro %}

{% macro spark__any_number() -%}
    monotonically_increasing_id()
{%- endmacro %}
