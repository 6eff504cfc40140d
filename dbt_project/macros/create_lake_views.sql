{# One view for each declared lake table, on all its Parquet files. #}
{% macro create_lake_views() %}
    {{ return(adapter.dispatch('create_lake_views')()) }}
{% endmacro %}

{% macro duckdb__create_lake_views() %}
    {% if execute %}
        {% set lake = env_var('CDP_LAKE') %}
        create schema if not exists lake;
        {% for source in graph.sources.values() if source.source_name == 'lake' %}
            create or replace view {{ source.schema }}.{{ source.identifier }} as
            select * from read_parquet('{{ lake }}/{{ source.identifier }}/**/*.parquet', hive_partitioning = false);
        {% endfor %}
    {% endif %}
{% endmacro %}
