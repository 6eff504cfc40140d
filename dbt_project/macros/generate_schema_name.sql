{# Schemas are named as written, without the profile's schema in front: `marts.main.kpi`, not `marts.main_main.kpi`. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ custom_schema_name or target.schema }}
{%- endmacro %}
