-- One row per declared tag: whom it covers, which segments read it, whether it is used and fresh.
with

definitions as (
    select * from {{ source('lake', 'tag_definitions') }}
),

held as (
    select
        tag,
        count(*) as customer_count,
        max(refreshed_on) as refreshed_on
    from {{ ref('customer_tags') }}
    group by tag
),

population as (
    select count(*) as customer_count from {{ ref('int_customers') }}
),

context as (
    select * from {{ ref('int_tag_context') }}
),

-- days of runs up to this one: what a run of a later day declared or read is not known yet
history as (
    select
        definitions.tag,
        min(definitions.as_of) as declared_since_on,
        max(case when definitions.segment_count > 0 then definitions.as_of end) as last_used_on
    from definitions
    cross join context
    where definitions.as_of <= context.as_of
    group by definitions.tag
),

judged as (
    select
        definitions.*,
        held.refreshed_on,
        coalesce(held.customer_count, 0) as customer_count,
        population.customer_count as all_customer_count,
        history.declared_since_on,
        history.last_used_on,
        case definitions.cadence when 'monthly' then context.month_end_on else context.as_of end as due_on,
        {{ days_between('coalesce(history.last_used_on, history.declared_since_on)', 'context.as_of') }} as idle_days,
        context.tags_unused_after_days
    from definitions
    inner join context on definitions.as_of = context.as_of
    inner join history on definitions.tag = history.tag
    cross join population
    left join held on definitions.tag = held.tag
)

select
    tag,
    label_en,
    label_zh,
    tag_kind,
    tag_class,
    cadence,
    owner,
    value_type,
    consent_purpose,
    mart_column,
    since,
    evidence,
    customer_count,
    customer_count / cast(nullif(all_customer_count, 0) as double) as coverage_rate,
    refreshed_on,
    coalesce(refreshed_on < due_on, false) as is_stale,
    segment_count,
    segments,
    declared_since_on,
    last_used_on,
    idle_days > tags_unused_after_days as is_unused,
    as_of
from judged
