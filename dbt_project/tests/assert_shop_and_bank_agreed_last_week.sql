-- The weekly check of shop against bank: mismatches that have stopped being pending within seven days. Worth a look, not a stop.
{{ config(severity='warn', meta={'dagster': {'ref': {'name': 'channel_reconciliation_differences'}}}) }}

with

differences as (
    select * from {{ ref('channel_reconciliation_differences') }}
    where outcome = 'differs'
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    differences.channel,
    differences.day_on,
    differences.reason,
    count(*) as item_count,
    sum(differences.difference_amount) as difference_amount
from differences
cross join run_context
where {{ days_between('differences.pending_until_on', 'run_context.as_of') }} < 7
group by differences.channel, differences.day_on, differences.reason
