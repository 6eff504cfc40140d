-- One row per customer and tag of kind value that holds. `valid_from_on` is null where nothing but the refresh tells since when.
{%- set no_day = 'cast(null as date)' %}
with

rfm as (
    select
        numbers.customer_no,
        scores.preset,
        scores.rfm_tier,
        scores.rfm_class,
        coalesce(
            'R ' || scores.recency_score || ', F ' || scores.frequency_score || ', M ' || scores.monetary_score,
            'no purchase'
        ) as evidence
    from {{ ref('customer_rfm') }} as scores
    inner join {{ ref('int_customers') }} as numbers on scores.customer_id = numbers.customer_id
),

totals as (
    select
        totals.*,
        cast(net_amount_total / nullif(order_count_total, 0) as decimal(18, 2)) as average_order_amount_total
    from {{ ref('int_customer_totals') }} as totals
)

select
    customer_no,
    'rfm_tier_' || preset as tag,
    rfm_tier as tag_value,
    cast(1 as decimal(5, 4)) as confidence,
    evidence,
    {{ no_day }} as valid_from_on
from rfm
where preset in ('monthly', 'annual')

union all

select
    customer_no,
    'rfm_class' as tag,
    rfm_class as tag_value,
    1 as confidence,
    evidence,
    {{ no_day }} as valid_from_on
from rfm
where preset = 'annual'

union all

select
    customer_no,
    'average_order_amount' as tag,
    cast(average_order_amount_total as string) as tag_value,
    1 as confidence,
    order_count_total || ' purchases' as evidence,
    last_purchased_on as valid_from_on
from totals
where average_order_amount_total > 0

union all

select
    customer_no,
    'ltv_historical' as tag,
    cast(net_amount_total as string) as tag_value,
    1 as confidence,
    order_count_total || ' purchases' as evidence,
    last_purchased_on as valid_from_on
from totals
where net_amount_total > 0

union all

select
    customer_no,
    'spend_30d' as tag,
    cast(net_amount_30d as string) as tag_value,
    1 as confidence,
    order_count_30d || ' purchases' as evidence,
    {{ no_day }} as valid_from_on
from totals
where net_amount_30d > 0
