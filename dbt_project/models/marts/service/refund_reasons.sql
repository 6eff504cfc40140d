-- One row per month, channel that reports the refund, and reason: succeeded refunds and their amount.
with

refunds as (
    select * from {{ ref('fct_refunds') }}
    where status = 'succeeded'
),

-- a reason that differs in blanks is the same reason
spoken as (
    select
        refunds.*,
        nullif(trim(reason), '') as trimmed_reason
    from refunds
),

feeds as (
    select
        order_key,
        channel,
        sum(refunded_amount) as refunded_amount,
        count(trimmed_reason) as reason_count
    from spoken
    where order_key is not null
    group by order_key, channel
),

-- shop and bank may report one refund: what the order was reduced by is the larger sum, so its feed is counted, never both
ranked as (
    select
        order_key,
        channel,
        row_number() over (
            partition by order_key
            order by
                refunded_amount desc nulls last,
                reason_count desc nulls last,
                case when substr(order_key, 1, length(channel) + 1) = channel || ':' then 0 else 1 end asc nulls last,
                channel asc nulls last
        ) as place
    from feeds
),

counted as (
    select spoken.*
    from spoken
    left join ranked on spoken.order_key = ranked.order_key and spoken.channel = ranked.channel
    where coalesce(ranked.place, 1) = 1
)

select
    {{ start_of('month', 'refunded_on') }} as refund_month,
    channel,
    coalesce(trimmed_reason, 'not_given') as reason,
    currency_code,
    count(*) as refund_count,
    cast(sum(refunded_amount) as decimal(18, 2)) as refunded_amount
from counted
group by {{ start_of('month', 'refunded_on') }}, channel, coalesce(trimmed_reason, 'not_given'), currency_code
