-- One row per week or month, channel and product sold in it; what names no product is one row, so that net amounts add up.
with

counted as (
    select * from {{ ref('int_product_periods') }}
),

products as (
    select * from {{ ref('int_sold_products') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

ranked as (
    select
        counted.*,
        case
            when counted.product_no > 0
                then
                    rank() over (
                        partition by counted.period_grain, counted.period_start, counted.product_no = 0
                        order by counted.net_amount desc nulls last
                    )
        end as sales_rank,
        case
            when counted.product_no > 0
                then
                    rank() over (
                        partition by counted.period_grain, counted.period_start, counted.channel, counted.product_no = 0
                        order by counted.net_amount desc nulls last
                    )
        end as channel_sales_rank,
        case counted.period_grain
            when 'week' then {{ add_days('counted.period_start', -7) }}
            else {{ add_months('counted.period_start', -1) }}
        end as previous_period_start
    from counted
)

select
    ranked.period_grain,
    ranked.period_start,
    ranked.channel,
    products.product_key,
    products.product_name,
    products.category,
    case when not products.is_sold_by_volume and ranked.quantity_count > 0 then cast(ranked.quantity as bigint) end as piece_count,
    ranked.order_count,
    ranked.buyer_count,
    ranked.net_amount,
    run_context.reporting_currency as currency_code,
    ranked.sales_rank,
    ranked.channel_sales_rank,
    previous.order_count as previous_order_count,
    previous.net_amount as previous_net_amount,
    previous.channel_sales_rank as previous_channel_sales_rank,
    case when previous.net_amount > 0 then cast(ranked.net_amount as double) / cast(previous.net_amount as double) - 1 end
        as net_amount_change_rate,
    periods.is_open as is_provisional,
    run_context.as_of
from ranked
cross join run_context
inner join periods on ranked.period_grain = periods.period_grain and ranked.period_start = periods.period_start
inner join products on ranked.product_no = products.product_no
left join ranked as previous
    on
        ranked.period_grain = previous.period_grain
        and ranked.previous_period_start = previous.period_start
        and ranked.channel = previous.channel
        and ranked.product_no = previous.product_no
where ranked.period_start >= {{ add_months(start_of('month', 'run_context.as_of'), '1 - run_context.analysis_hot_seller_months') }}
