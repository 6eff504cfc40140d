-- One row per segment and customer in its test: what the customer did in the days of the read-out after the first list.
--
-- By intention to treat: everybody who was exported or held out, whether or not a message arrived. Contaminated customers are left out.
{{ config(materialized='table') }}

with

arms as (
    select * from {{ ref('int_segment_arms') }}
    where arm <> 'contaminated'
),

orders as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
    where segment_name is not null
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- a list of the night is used on the next day
bought as (
    select
        arms.segment_name,
        arms.customer_no,
        count(*) as order_count,
        cast(sum(orders.net_amount) as decimal(18, 2)) as net_amount
    from arms
    cross join run_context
    inner join orders
        on
            arms.customer_no = orders.customer_no
            and arms.assigned_on < orders.purchased_on
            and {{ days_between('arms.assigned_on', 'orders.purchased_on') }} <= run_context.marketing_readout_days
    group by arms.segment_name, arms.customer_no
),

answered as (
    select
        campaigns.segment_name,
        sends.customer_id,
        max(case when sends.was_opened then 1 else 0 end) as has_opened,
        max(case when sends.was_clicked then 1 else 0 end) as has_clicked
    from {{ ref('fct_sends') }} as sends
    inner join campaigns on sends.campaign_key = campaigns.campaign_key and sends.channel = campaigns.channel
    where sends.customer_id is not null
    group by campaigns.segment_name, sends.customer_id
)

select
    arms.segment_name,
    arms.arm,
    arms.customer_no,
    arms.assigned_on,
    coalesce(bought.order_count, 0) as order_count,
    coalesce(bought.net_amount, 0) as net_amount,
    coalesce(answered.has_opened, 0) as has_opened,
    coalesce(answered.has_clicked, 0) as has_clicked
from arms
left join bought on arms.segment_name = bought.segment_name and arms.customer_no = bought.customer_no
left join answered on arms.segment_name = answered.segment_name and arms.customer_id = answered.customer_id
