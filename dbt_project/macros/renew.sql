{#
  A build that continues the last one. What did not change since then is kept: `CDP_CONTINUES` names the record of the last whole build,
  `assets.continuing` decides whether it may be continued and takes the record away until this one is whole.

  One rule finds what changed: rows of loads that the last build did not see, or that speak of a time after its day. What they touch,
  facts by key and customers, is replaced; a fact or a customer that they do not touch has the rows that it had. Models that depend on the
  day of the run are computed anew. When a month is over everything is built anew, so that a month's end is no input of what is kept.

  Counts over people or orders are kept in another way: what the touched ones counted for in the last build is taken off, and what they
  count for now is added. What they were is in the models `int_former_...`, which are built before that is replaced.

  A model of which rows are kept is `renewed`: `meta.touched_by` names the columns by which rows are touched, one or several of them
  together, and the model that lists the values of each. Its inputs are restricted by `touched_rows`. Of the rows that are computed anew most are what they were, and stay where
  they are: a deleted row costs the engine memory for all rows around it as long as the table is open, a million customers' two gigabytes.
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

{# Before a build: up to when the last one saw, `lake.last_build`, and, as literals, which loads it had not seen, `lake.last_seen`. #}
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
        create or replace table lake.arrived_loads as
        select load_id from lake.channel_loads
        where load_id not in (
            select unnest(map_keys(loads)) from read_json('{{ env_var("CDP_CONTINUES") }}', columns = {loads: 'map(varchar, varchar)'})
        );
        create or replace table lake.last_seen as
        select
            coalesce(
                (select string_agg('''' || load_id || '''', ', ' order by load_id asc nulls last) from lake.arrived_loads), ''''''
            ) as arrived_loads,
            'timestamptz ''' || exported_before_at || '''' as exported_before_at,
            'timestamptz ''' || as_of_end_at || '''' as as_of_end_at
        from lake.last_build;
    {% endif %}
{% endmacro %}

{#
  Rows of a staging model that the last build did not see as they are: of other loads, exported later, or of a later time in `times`. One
  of them may be there more than once.

  What they are compared with is written out, one reason after the other: so files that hold none of them are not read.
#}
{% macro arrived(relation, times) -%}
    {%- set last = run_query('select arrived_loads, exported_before_at, as_of_end_at from lake.last_seen').rows[0] -%}
    select facts.*
    from {{ relation }} as facts
    where facts._load_id in ({{ last[0] }})

    union all

    select facts.*
    from {{ relation }} as facts
    where facts._exported_at >= {{ last[1] }}
    {%- for time in times %}

        union all

        select facts.*
        from {{ relation }} as facts
        where facts.{{ time }} >= {{ last[2] }}
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

{# The rows that the model `name` had for the keys listed in `touched`: in a model that it is built after. None in a whole build. #}
{% macro former_rows(name, touched, key) -%}
    {%- if is_continuing() -%}
        select former.*
        from {{ last_built(name) }} as former
        semi join {{ touched }} as touched on former.{{ key }} = touched.{{ key }}
    {%- else -%}
        select {{ key }} from {{ touched }}
        where false
    {%- endif -%}
{%- endmacro %}

{#
  The relation `kept_counts`: of a whole build the rows of `counted`; else the rows that this model had (`where` of them), with what touched
  ones count for now added and what they counted for, `former`, taken off. `measures`: types by name, all of them sums that are exact. Of
  `groups` whose first measure is 0 there is no row.
#}
{% macro kept_counts(counted, former, groups, measures, where='true') -%}
    {%- set columns = groups | join(', ') -%}
    {%- set sums = [] -%}
    {%- for measure, type in measures.items() -%}
        {%- do sums.append('cast(sum(' ~ measure ~ ') as ' ~ type ~ ') as ' ~ measure) -%}
    {%- endfor -%}
    {%- if is_continuing() -%}
        kept_counts as (
            select {{ columns }}, {{ sums | join(', ') }}
            from (
                select {{ columns }}, {{ measures | join(', ') }}
                from {{ this }}
                where {{ where }}

                union all

                select {{ columns }}, {{ measures | join(', ') }}
                from {{ counted }}

                union all

                select {{ columns }}, -{{ measures | join(', -') }}
                from {{ former }}
            ) as changes
            group by {{ columns }}
            having sum({{ measures | first }}) <> 0
        )
    {%- else -%}
        kept_counts as (
            select * from {{ counted }}
        )
    {%- endif -%}
{%- endmacro %}

{% materialization renewed, adapter='duckdb' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% if not is_continuing() %}
        {{ return(replace_relation('table', create_table_as(false, target_relation, compiled_code))) }}
    {% endif %}
    {% if config.get('contract').enforced %}
        {{ get_assert_columns_equivalent(compiled_code) }}
    {% endif %}
    {%- set columns = adapter.get_columns_in_relation(target_relation) | map(attribute='name') | list -%}
    {# of equal rows the first stands for the first, the second for the second; what gets another number is replaced by its like #}
    {%- set equal_no = 'row_number() over (partition by hash(' ~ columns | join(', ') ~ ')) as equal_no' -%}
    {%- set same = ['computed.equal_no = former.equal_no'] -%}
    {%- for column in columns -%}
        {%- do same.append('computed.' ~ column ~ ' is not distinct from former.' ~ column) -%}
    {%- endfor -%}
    {% call statement('former') -%}
        create or replace temporary table former_rows as
        select target.rowid as row_no, {{ equal_no }}, target.*
        from {{ target_relation }} as target
        where
            {% for key, name in config.get('meta')['touched_by'].items() -%}
        {%- set parts = key.split(', ') -%}
        {{ 'or ' if not loop.first }}(target.{{ parts | join(', target.') }}) in (
            select touched.{{ parts | join(', touched.') }} from {{ ref(name) }} as touched
            where touched.{{ parts | join(' is not null and touched.') }} is not null
        )
            {% endfor %}
    {%- endcall %}
    {% call statement('computed') -%}
        create or replace temporary table computed_rows as
        select {{ equal_no }}, computed.*
        from ({{ compiled_code }}) as computed
    {%- endcall %}
    {% call statement('delete') -%}
        delete from {{ target_relation }}
        where rowid in (
            select former.row_no
            from temp.former_rows as former
            anti join temp.computed_rows as computed on {{ same | join(' and ') }}
        )
    {%- endcall %}
    {% call statement('main') -%}
        insert into {{ target_relation }} by name
        select computed.{{ columns | join(', computed.') }}
        from temp.computed_rows as computed
        anti join temp.former_rows as former on {{ same | join(' and ') }}
    {%- endcall %}
    {% call statement('done') -%}
        drop table temp.former_rows; drop table temp.computed_rows
    {%- endcall %}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
