-- One row per key of a message that this build computes anew, as delivered and as shown. Empty in a whole build.
{{ config(materialized='table') }}
{%- set facts = ref('stg_channel_sends') %}
{%- set records = ref('int_records') %}
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

{% if is_continuing() -%}
    touched as (
        {{ touched_keys(facts, 'send_key', ['sent_at', 'delivered_at', 'opened_at', 'clicked_at'], records) }}
        -- one that no time is told of counts from the day of its campaign, which may be another now
        union

        select facts.send_key from {{ facts }} as facts
        where coalesce(facts.sent_at, facts.delivered_at, facts.opened_at, facts.clicked_at) is null
    ),
{%- else -%}
    touched as (
        select facts.send_key from {{ facts }} as facts
        where false
    ),
{%- endif %}

-- the key that stands for one in which there is an id of a person
impersonal as (
    select facts.channel || ':' || md5(run_context.id_key || '|' || facts.send_key) as send_key
    from {{ facts }} as facts
    cross join run_context
    where facts.send_key in (select touched.send_key from touched)
)

select send_key from touched

union

select send_key from impersonal
