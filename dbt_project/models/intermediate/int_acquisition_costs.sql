-- One row per business day and channel: what was spent on winning customers. What a channel that writes to people whom it knows (sms,
-- e-mail) costs wins nobody.
with

costs as (
    select * from {{ ref('fct_cost_days') }}
),

writing_channels as (
    select distinct channel from {{ ref('fct_sends') }}
)

select
    costs.spent_on as day_on,
    costs.channel,
    cast(sum(costs.cost_amount) as decimal(18, 2)) as cost_amount
from costs
left join writing_channels on costs.channel = writing_channels.channel
where writing_channels.channel is null
group by costs.spent_on, costs.channel
