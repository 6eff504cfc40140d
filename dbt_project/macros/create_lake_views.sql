{#
  One view for each declared lake table, on all its Parquet files. Where only models are built, those views alone that they read: tables of
  the stage `value` are written between two builds of a run, and on a first night the first of them finds no file.
#}
{% macro create_lake_views() %}
    {{ return(adapter.dispatch('create_lake_views')()) }}
{% endmacro %}

{% macro duckdb__create_lake_views() %}
    {% if execute %}
        {% set lake = env_var('CDP_LAKE') %}
        {% set read = sources_read_by_selection() %}
        create schema if not exists lake;
        {% for source in graph.sources.values() if source.source_name == 'lake' and (read is none or source.unique_id in read) %}
            create or replace view {{ source.schema }}.{{ source.identifier }} as
            select * from read_parquet('{{ lake }}/{{ source.identifier }}/**/*.parquet', hive_partitioning = false);
        {% endfor %}
    {% endif %}
{% endmacro %}

{# Unique ids of the sources that selected models and tests read; none when something else is selected, such as a unit test. #}
{% macro sources_read_by_selection() %}
    {% set read = [] %}
    {% for selected in selected_resources %}
        {% if selected in graph.nodes %}
            {% do read.extend(graph.nodes[selected].depends_on.nodes) %}
        {% elif selected not in graph.sources and selected not in graph.exposures %}
            {{ return(none) }}
        {% endif %}
    {% endfor %}
    {{ return(read) }}
{% endmacro %}
