{#
  A wide table of all customers, written a slice of them after the other: a join of thirty tables holds all of them but one in memory, which
  for a million customers is more than the engine may have. A shop with fewer customers than a slice has one.

  A model that is `sliced` restricts its customers by `in_slice`; `meta.sliced_by` names the model that has their numbers, which begin at 1.
#}
{% macro in_slice(column) -%}
    {{ column }} {{ slice_bounds() }}
{%- endmacro %}

{% macro slice_bounds(first_no=0, last_no=9223372036854775807) -%}
    between {{ first_no }} and {{ last_no }}
{%- endmacro %}

{% materialization sliced, adapter='duckdb' %}
    {%- set size = env_var('CDP_CUSTOMERS_PER_SLICE', '125000') | int -%}
    {%- set last_no = run_query('select coalesce(max(customer_no), 0) from ' ~ ref(config.get('meta')['sliced_by'])).rows[0][0] -%}
    {%- set target_relation = this.incorporate(type='table') -%}
    {%- if slice_bounds() not in compiled_code -%}
        {{ exceptions.raise_compiler_error(this.name ~ ' does not say what its slice is') }}
    {%- endif -%}
    {%- set slices = [] -%}
    {%- for first_no in range(0, last_no + 1, size) -%}
        {%- do slices.append(compiled_code | replace(slice_bounds(), slice_bounds(first_no, first_no + size - 1))) -%}
    {%- endfor -%}
    {% do replace_relation('table', create_table_as(false, target_relation, slices[0])) %}
    {%- for slice in slices[1:] %}
        {% call statement('slice') -%}
            insert into {{ target_relation }} by name {{ slice }}
        {%- endcall %}
    {%- endfor %}
    {{ adapter.commit() }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}
