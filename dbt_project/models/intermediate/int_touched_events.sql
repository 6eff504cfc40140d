-- One row per key of an event that this build computes anew, as delivered and as shown. Empty in a whole build.
{{ config(materialized='table') }}
{%- set facts = ref('stg_channel_events') %}
{%- set records = ref('int_records') %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

{% if is_continuing() -%}
    touched as (
        {{ touched_keys(facts, 'event_key', ['occurred_at'], records) }}
    ),
{%- else -%}
    touched as (
        select facts.event_key from {{ facts }} as facts
        where false
    ),
{%- endif %}

-- the key that stands for one in which there is an id of a person
impersonal as (
    select facts.channel || ':' || md5(run_context.id_key || '|' || facts.event_key) as event_key
    from {{ facts }} as facts
    cross join run_context
    where facts.event_key in (select touched.event_key from touched)
)

select event_key from touched

union

select event_key from impersonal
