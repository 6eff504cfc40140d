-- One row per run: the days that tags are computed for, and from when on a pattern is a tag.
--
-- Monthly tags look at the last month that was over when the month of the run began, on every day of the month: two runs of one month
-- differ only by what was delivered, refunded or merged between them.
with

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

month_ends as (
    select
        run_context.*,
        {{ add_days(start_of('month', 'run_context.as_of'), -1) }} as month_end_on
    from run_context
)

select
    as_of,
    as_of_end_at,
    month_end_on,
    business_time_zone,
    reporting_currency,
    {{ add_days('as_of', -7) }} as before_7d_on,
    {{ add_days('as_of', -30) }} as before_30d_on,
    {{ add_days('as_of', -365) }} as before_365d_on,
    {{ add_days('month_end_on', '-tags_pattern_window_days') }} as before_pattern_on,
    {{ add_days('month_end_on', '-tags_life_stage_window_days') }} as before_life_stage_on,
    lifecycle_new_within_days,
    tags_pattern_from_count,
    tags_pattern_from_share,
    tags_gender_from_share,
    tags_night_from_hour,
    tags_night_to_hour,
    tags_dwell_cap_seconds,
    tags_listed_values,
    tags_life_stage_from_days,
    tags_oldest_age,
    tags_unused_after_days
from month_ends
