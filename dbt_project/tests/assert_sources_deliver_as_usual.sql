-- A source that falls silent, shrinks or loses a column looks like a change of the customers' minds. Worth a look, not a stop.
{{ config(severity='warn') }}

with

newest as (
    select
        format_name,
        exported_on,
        verdict,
        row_number() over (partition by format_name order by exported_on desc nulls last) as age_no
    from {{ ref('channel_scorecard') }}
)

select
    format_name,
    exported_on,
    verdict
from newest
where age_no = 1 and verdict not in ('usual', 'new')
