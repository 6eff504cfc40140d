-- One row per order of which this build computes the lines anew. Empty in a whole build.
{{ config(materialized='table') }}
{%- set lines = ref('stg_channel_order_lines') %}
with

{% if is_continuing() -%}
    arrived_lines as (
        {{ arrived(lines, ['ordered_at']) }}
    ),

    touched as (
        select distinct lines.order_key
        from {{ lines }} as lines
        where lines.line_key in (select arrived_lines.line_key from arrived_lines)
    )
{%- else -%}
    touched as (
        select lines.order_key from {{ lines }} as lines
        where false
    )
{%- endif %}

select * from touched
