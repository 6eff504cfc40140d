-- One row per month whose end is scored, RFM tier (preset monthly) at its end and pattern of buying around the last purchase before it:
-- how many customers, how many months ago the month of that purchase is, and what `int_buyer_gaps` says of that month.
--
-- A tier is that of each month's end, so here the customers do meet the months, once for all metrics.
{{ config(materialized='table') }}

with

customer_tiers as (
    select * from {{ ref('int_customer_tiers') }}
),

customer_months as (
    select * from {{ ref('int_customer_months') }}
),

seen as (
    select
        customer_tiers.month_start,
        customer_tiers.rfm_tier,
        {{ months_between('customer_months.purchase_month', 'customer_tiers.month_start') }} as periods_later,
        customer_months.order_count >= 2 as has_bought_twice,
        {{ months_between('customer_months.previous_purchase_month', 'customer_months.purchase_month') }} as periods_since_previous,
        {{ months_between('customer_months.purchase_month', 'customer_months.next_purchase_month') }} as periods_to_next
    from customer_tiers
    inner join customer_months
        on
            customer_tiers.customer_no = customer_months.customer_no
            and {{ start_of('month', 'customer_tiers.last_purchased_on') }} = customer_months.purchase_month
)

select
    month_start,
    rfm_tier,
    cast(periods_later as integer) as periods_later,
    has_bought_twice,
    cast(periods_since_previous as integer) as periods_since_previous,
    cast(periods_to_next as integer) as periods_to_next,
    count(*) as customer_count
from seen
group by month_start, rfm_tier, periods_later, has_bought_twice, periods_since_previous, periods_to_next
