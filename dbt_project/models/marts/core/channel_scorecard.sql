-- One row per format and day on which it was exported, and one of today for a format that should have been and was not.
with

loads as (
    select * from {{ ref('stg_channel_loads') }}
),

cells as (
    select * from {{ ref('int_export_cells') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

channels as (
    select
        loads.format_name,
        max(cells.channel) as channel
    from cells
    inner join loads on cells.load_id = loads.load_id
    group by loads.format_name
),

exports as (
    select
        format_name,
        exported_on,
        count(*) as file_count,
        sum(loaded_count) as loaded_count,
        sum(duplicate_count) as duplicate_count,
        sum(quarantined_count) as quarantined_count,
        sum(loaded_count) + sum(quarantined_count) as row_count,
        max(covers_to_on) as covers_to_on,
        {{ days_between('max(covers_to_on)', 'exported_on') }} as lag_days
    from loads
    group by format_name, exported_on
),

ordered as (
    select
        exports.*,
        row_number() over (partition by format_name order by exported_on asc nulls last) as export_no,
        row_number() over (partition by format_name order by exported_on desc nulls last) as age_no,
        lag(exported_on) over (partition by format_name order by exported_on asc nulls last) as previous_exported_on
    from exports
),

numbered as (
    select
        ordered.*,
        {{ days_between('previous_exported_on', 'exported_on') }} as gap_days
    from ordered
),

-- what came before: the same weekday of the last weeks, and as many exports of any day
earlier as (
    select
        numbered.format_name,
        numbered.exported_on,
        earlier_exports.row_count,
        earlier_exports.row_count * 1.0 / earlier_exports.gap_days as row_count_per_day,
        earlier_exports.lag_days,
        {{ days_between('earlier_exports.exported_on', 'numbered.exported_on') }} % 7 = 0
        and {{ days_between('earlier_exports.exported_on', 'numbered.exported_on') }} <= 7 * run_context.scorecard_weeks as is_same_weekday,
        earlier_exports.export_no >= numbered.export_no - run_context.scorecard_weeks as is_recent
    from numbered
    cross join run_context
    inner join numbered as earlier_exports
        on
            numbered.format_name = earlier_exports.format_name
            and numbered.exported_on > earlier_exports.exported_on
            and (
                numbered.export_no <= earlier_exports.export_no + run_context.scorecard_weeks
                or {{ days_between('earlier_exports.exported_on', 'numbered.exported_on') }} <= 7 * run_context.scorecard_weeks
            )
),

usual as (
    select
        format_name,
        exported_on,
        sum(case when is_same_weekday then 1 else 0 end) as weekday_count,
        sum(case when is_recent then 1 else 0 end) as recent_count,
        median(case when is_same_weekday then row_count end) as weekday_row_count,
        median(case when is_recent then row_count end) as recent_row_count,
        median(case when is_recent then row_count_per_day end) as recent_row_count_per_day,
        median(case when is_recent then lag_days end) as lag_days
    from earlier
    group by format_name, exported_on
),

column_nulls as (
    select
        loads.format_name,
        loads.exported_on,
        cells.table_name || '.' || cells.column_name as column_name,
        sum(cells.row_count) as row_count,
        sum(cells.null_count) as null_count,
        sum(cells.null_count) * 1.0 / sum(cells.row_count) as null_rate
    from cells
    inner join loads on cells.load_id = loads.load_id
    group by loads.format_name, loads.exported_on, cells.table_name, cells.column_name
),

numbered_nulls as (
    select
        column_nulls.*,
        row_number() over (partition by format_name, column_name order by exported_on asc nulls last) as export_no
    from column_nulls
),

null_rises as (
    select
        numbered_nulls.format_name,
        numbered_nulls.exported_on,
        numbered_nulls.column_name,
        max(numbered_nulls.null_rate) - median(earlier_nulls.null_rate) as null_rate_rise,
        count(*) as earlier_count
    from numbered_nulls
    cross join run_context
    inner join numbered_nulls as earlier_nulls
        on
            numbered_nulls.format_name = earlier_nulls.format_name
            and numbered_nulls.column_name = earlier_nulls.column_name
            and numbered_nulls.export_no > earlier_nulls.export_no
            and numbered_nulls.export_no <= earlier_nulls.export_no + run_context.scorecard_weeks
    where numbered_nulls.row_count >= run_context.scorecard_judged_from_rows
    group by numbered_nulls.format_name, numbered_nulls.exported_on, numbered_nulls.column_name
),

jumped as (
    select
        null_rises.format_name,
        null_rises.exported_on,
        {{ joined_text('null_rises.column_name') }} as jumped_columns
    from null_rises
    cross join run_context
    where
        null_rises.null_rate_rise > run_context.scorecard_nulls_jump_by
        and null_rises.earlier_count >= run_context.scorecard_usual_from_exports
    group by null_rises.format_name, null_rises.exported_on
),

nulls as (
    select
        format_name,
        exported_on,
        sum(null_count) * 1.0 / sum(row_count) as null_rate
    from column_nulls
    group by format_name, exported_on
),

measured as (
    select
        numbered.*,
        nulls.null_rate,
        jumped.jumped_columns,
        usual.weekday_count >= run_context.scorecard_usual_from_exports as is_weekday_known,
        usual.recent_count >= run_context.scorecard_usual_from_exports as is_known,
        usual.weekday_row_count,
        usual.recent_row_count,
        -- an export made after one day instead of seven holds a seventh, unless it holds everything each time
        usual.recent_row_count_per_day * numbered.gap_days as scaled_row_count,
        usual.lag_days as usual_lag_days
    from numbered
    cross join run_context
    left join usual on numbered.format_name = usual.format_name and numbered.exported_on = usual.exported_on
    left join nulls on numbered.format_name = nulls.format_name and numbered.exported_on = nulls.exported_on
    left join jumped on numbered.format_name = jumped.format_name and numbered.exported_on = jumped.exported_on
),

bounded as (
    select
        measured.*,
        case when is_weekday_known then weekday_row_count when is_known then scaled_row_count end as usual_row_count,
        case when is_weekday_known then weekday_row_count when is_known then least(recent_row_count, scaled_row_count) end as fewest_rows,
        case when is_weekday_known then weekday_row_count when is_known then greatest(recent_row_count, scaled_row_count) end as most_rows
    from measured
),

judged as (
    select
        bounded.format_name,
        bounded.exported_on,
        bounded.file_count,
        bounded.loaded_count,
        bounded.duplicate_count,
        bounded.quarantined_count,
        bounded.row_count,
        bounded.usual_row_count,
        bounded.null_rate,
        bounded.jumped_columns,
        bounded.covers_to_on,
        bounded.lag_days,
        case
            when bounded.loaded_count < run_context.scorecard_valid_from * bounded.row_count then 'invalid'
            when bounded.jumped_columns is not null then 'nulls_jumped'
            when bounded.usual_row_count is null then 'new'
            when
                bounded.fewest_rows >= run_context.scorecard_judged_from_rows
                and bounded.row_count < run_context.scorecard_smaller_than * bounded.fewest_rows
                then 'small'
            when
                bounded.row_count >= run_context.scorecard_judged_from_rows
                and bounded.row_count > run_context.scorecard_larger_than * bounded.most_rows
                then 'large'
            when bounded.lag_days > bounded.usual_lag_days + run_context.scorecard_late_by_days then 'late'
            else 'usual'
        end as verdict
    from bounded
    cross join run_context
),

rhythms as (
    select
        numbered.format_name,
        max(numbered.exported_on) as last_exported_on,
        count(*) as export_count,
        median(numbered.gap_days) as usual_gap_days
    from numbered
    cross join run_context
    where numbered.age_no <= run_context.scorecard_weeks
    group by numbered.format_name
),

silent as (
    select
        rhythms.format_name,
        run_context.as_of as exported_on,
        0 as file_count,
        0 as loaded_count,
        0 as duplicate_count,
        0 as quarantined_count,
        0 as row_count,
        null as usual_row_count,
        null as null_rate,
        null as jumped_columns,
        null as covers_to_on,
        null as lag_days,
        'silent' as verdict
    from rhythms
    cross join run_context
    where
        rhythms.export_count >= run_context.scorecard_usual_from_exports
        and {{ days_between('rhythms.last_exported_on', 'run_context.as_of') }}
        > run_context.scorecard_silent_after_gaps * rhythms.usual_gap_days
),

scored as (
    select * from judged

    union all

    select * from silent
)

select
    scored.format_name,
    channels.channel,
    scored.exported_on,
    scored.verdict,
    cast(scored.file_count as bigint) as file_count,
    cast(scored.loaded_count as bigint) as loaded_count,
    cast(scored.duplicate_count as bigint) as duplicate_count,
    cast(scored.quarantined_count as bigint) as quarantined_count,
    cast(case when scored.row_count > 0 then scored.loaded_count * 1.0 / scored.row_count end as double) as validity_rate,
    cast(scored.usual_row_count as bigint) as usual_row_count,
    cast(case when scored.usual_row_count > 0 then scored.row_count / scored.usual_row_count end as double) as volume_ratio,
    cast(scored.null_rate as double) as null_rate,
    scored.jumped_columns,
    scored.covers_to_on,
    cast(scored.lag_days as bigint) as lag_days
from scored
left join channels on scored.format_name = channels.format_name
