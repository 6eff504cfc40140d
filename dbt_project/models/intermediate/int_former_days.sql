-- One row per day on which a touched customer was active in the last build. Empty in a whole build.
{{ config(materialized='table') }}
{%- set touched = ref('int_touched_customers') %}

{{ former_rows('int_activity_days', touched, 'customer_no') }}
