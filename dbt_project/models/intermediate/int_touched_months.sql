-- One row per month end at which some preset gives its scores from another value than in the last build. Empty in a whole build.
{{ config(materialized='table') }}

with

scales as (
    select * from {{ ref('int_rfm_scales') }}
    where is_touched
)

select distinct scored_on as month_end_on
from scales
