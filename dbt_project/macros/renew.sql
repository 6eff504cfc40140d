{#
  A build that continues the last one. What did not change since then is kept: `CDP_CONTINUES` names the record of the last whole build,
  `assets.continuing` decides whether it may be continued and takes the record away until this one is whole.

  One rule finds what changed: rows of loads that the last build did not see, or that speak of a time after its day. What they touch,
  facts by key and customers, is replaced; a fact or a customer that they do not touch has the rows that it had. Models that depend on the
  day of the run are computed anew. When a month is over everything is built anew, so that a month's end is no input of what is kept.

  A model of which rows are kept is `renewed`: `meta.touched_by` names the columns by which rows are touched, and the model that lists the
  values of each. Its inputs are restricted by `touched_rows`.
#}
{% macro is_continuing() -%}
    {{ return(execute and env_var('CDP_CONTINUES', '') != '') }}
{%- endmacro %}

{#
  The model `name`, which says what a continuing build replaces, as one that this model is built after; none in a whole build, which does
  not ask it.
#}
{% macro asked(name) -%}
    {{ return(ref(name) if is_continuing() or not execute else none) }}
{%- endmacro %}

{# Before a build: what the last one had seen, `lake.seen_loads`, and up to when, `lake.last_build`. #}
{% macro create_last_build() %}
    {{ return(adapter.dispatch('create_last_build')()) }}
{% endmacro %}

{% macro duckdb__create_last_build() %}
    {% if is_continuing() %}
        create or replace table lake.last_build as
        select
            cast(as_of as date) as as_of,
            cast(as_of_end_at as timestamptz) as as_of_end_at,
            cast(exported_before_at as timestamptz) as exported_before_at
        from read_json('{{ env_var("CDP_CONTINUES") }}', columns = {as_of: 'varchar', as_of_end_at: 'varchar', exported_before_at: 'varchar'});
        create or replace table lake.seen_loads as
        select unnest(map_keys(loads)) as load_id
        from read_json('{{ env_var("CDP_CONTINUES") }}', columns = {loads: 'map(varchar, varchar)'});
    {% endif %}
{% endmacro %}

{# Rows of a staging model that the last build did not see as they are: of other loads, exported later, or of a later time in `times`. #}
{% macro arrived(relation, times) -%}
    select facts.*
    from {{ relation }} as facts
    cross join lake.last_build
    where
        facts._load_id not in (select seen_loads.load_id from lake.seen_loads)
        or facts._exported_at >= last_build.exported_before_at
    {%- for time in times %}
        or facts.{{ time }} >= last_build.as_of_end_at
    {%- endfor %}
{%- endmacro %}

{# The rows of `relation` that this build computes: all of them, or those whose `key` is listed in `touched`. #}
{% macro touched_rows(relation, touched, key) -%}
    {%- if is_continuing() -%}
        (select renewed_rows.* from {{ relation }} as renewed_rows semi join {{ touched }} as touched_keys on renewed_rows.{{ key }} = touched_keys.{{ key }})
    {%- else -%}
        {{ relation }}
    {%- endif -%}
{%- endmacro %}

{# What another model was before this build: only in a model that the other one is built after. #}
{% macro last_built(name) -%}
    {{ return(graph.nodes['model.retail_cdp.' ~ name].relation_name) }}
{%- endmacro %}

{#
  Keys of the facts of a staging model that are touched: with an arrived row, or of a source record that belongs to somebody else now.
  Besides the key as delivered, the one that stands for it where it is made of an id of a person.
#}
{% macro touched_keys(staging, key, times, records) %}
    select arrived_facts.{{ key }}
    from ({{ arrived(staging, times) }}) as arrived_facts

    union

    select facts.{{ key }}
    from {{ staging }} as facts
    semi join {{ records }} as moved on facts.source_record_key = moved.source_record_key and moved.is_touched
{% endmacro %}

{% materialization renewed, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% if not is_continuing() %}
        {{ return(replace_relation('table', create_table_as(false, target_relation, compiled_code))) }}
    {% endif %}
    {% if config.get('contract').enforced %}
        {{ get_assert_columns_equivalent(compiled_code) }}
    {% endif %}
    {% call statement('delete') -%}
        delete from {{ target_relation }}
        where
            {% for key, name in config.get('meta')['touched_by'].items() -%}
        {{ 'or ' if not loop.first }}{{ key }} in (select touched.{{ key }} from {{ ref(name) }} as touched)
            {% endfor %}
    {%- endcall %}
    {% call statement('main') -%}
        insert into {{ target_relation }} by name {{ compiled_code }}
    {%- endcall %}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
