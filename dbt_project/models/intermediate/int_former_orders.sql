-- One row per order that a touched customer had in the last build. Empty in a whole build.
{{ config(materialized='table') }}
{%- set touched = ref('int_touched_customers') %}

{{ former_rows('int_customer_orders', touched, 'customer_no') }}
