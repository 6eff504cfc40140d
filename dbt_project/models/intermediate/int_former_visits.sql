-- One row per visitor of whom an event is computed anew and day of an event in the last build; without a day where there was none. Empty in
-- a whole build.
{{ config(materialized='table') }}
{%- set touched = ref('int_touched_facts') %}
{%- set events = ref('int_events') %}
with

{% if is_continuing() -%}
    last_events as (
        select
            event_key,
            visitor_key,
            occurred_on
        from {{ last_built('fct_events') }}
        where visitor_key is not null
    ),

    visitors as (
        select visitor_key from {{ events }}
        where visitor_key is not null

        union

        select last_events.visitor_key
        from last_events
        semi join {{ touched }} as touched on last_events.event_key = touched.event_key
    ),

    visits as (
        select distinct
            visitors.visitor_key,
            last_events.occurred_on
        from visitors
        left join last_events on visitors.visitor_key = last_events.visitor_key
    )
{%- else -%}
    visits as (
        select
            visitor_key,
            occurred_on
        from {{ events }}
        where false
    )
{%- endif %}

select
    visitor_key,
    occurred_on
from visits
