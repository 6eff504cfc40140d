-- One row per order: newest version, in the reporting currency, with its customer and whether it is a purchase. In a build
-- that continues the last, touched ones only.
{%- set touched = asked('int_touched_orders') %}
with

orders as (
    {{ newest_touched_versions(ref('stg_channel_orders'), touched, 'order_key') }}
),

identities as (
    select * from {{ source('lake', 'identity_current') }}
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

-- one refund may be reported by the shop and by the payment platform: the feeds are compared, never added up
refunds_of_feeds as (
    select
        order_key,
        currency_code_original,
        channel,
        sum(refunded_amount_original) as refunded_amount_original
    from {{ touched_rows(ref('fct_refunds'), touched, 'order_key') }}
    where order_key is not null and status = 'succeeded'
    group by order_key, currency_code_original, channel
),

refunds as (
    select
        order_key,
        currency_code_original,
        cast(max(refunded_amount_original) as decimal(18, 2)) as refunded_amount_original
    from refunds_of_feeds
    group by order_key, currency_code_original
),

refunded as (
    select
        orders.*,
        case
            when orders.refunded_amount_original is null and refunds.refunded_amount_original is null and orders.status = 'refunded'
                then coalesce(orders.paid_amount_original, 0)
            else greatest(coalesce(orders.refunded_amount_original, 0), coalesce(refunds.refunded_amount_original, 0))
        end as known_refunded_amount_original,
        run_context.reporting_currency,
        run_context.as_of_end_at,
        {{ business_date('orders.ordered_at', 'run_context.business_time_zone') }} as ordered_on,
        {{ business_date('coalesce(orders.paid_at, orders.ordered_at)', 'run_context.business_time_zone') }} as paid_on
    from orders
    cross join run_context
    left join refunds
        on orders.order_key = refunds.order_key and orders.currency_code_original = refunds.currency_code_original
),

-- bought is bought in the currency charged: no rate can round a purchase away
decided as (
    select
        refunded.*,
        identities.customer_id,
        rates.rate,
        coalesce(
            refunded.order_type = 'sale'
            and refunded.status in ('paid', 'shipped', 'completed')
            and (refunded.paid_amount_original > refunded.known_refunded_amount_original or refunded.paid_amount_original = 0)
            and coalesce(refunded.paid_at, refunded.ordered_at) < refunded.as_of_end_at,
            false
        ) as is_purchase,
        coalesce(
            refunded.order_type = 'sale'
            and refunded.status in ('paid', 'shipped', 'completed', 'refunded')
            and refunded.paid_amount_original >= 0
            and coalesce(refunded.paid_at, refunded.ordered_at) < refunded.as_of_end_at,
            false
        ) as was_paid
    from refunded
    left join identities on refunded.source_record_key = identities.source_record_key
    left join rates
        on
            refunded.currency_code_original = rates.currency_code
            and refunded.ordered_on >= rates.valid_from_on
            and refunded.ordered_on < rates.valid_to_on
),

converted as (
    select
        order_key,
        channel,
        order_type,
        status,
        customer_id,
        store_id_channel,
        country,
        ordered_at,
        ordered_on,
        paid_at,
        shipped_at,
        completed_at,
        is_purchase,
        is_purchase and paid_amount_original = 0 as is_gift,
        was_paid,
        was_paid and (known_refunded_amount_original > 0 or status = 'refunded') as was_refunded,
        case when is_purchase then coalesce(paid_at, ordered_at) end as purchased_at,
        case when is_purchase then paid_on end as purchased_on,
        -- the day that the order's money belongs to; one paid after the day of the run is still that of its order
        case when coalesce(paid_at, ordered_at) < as_of_end_at then paid_on else ordered_on end as booked_on,
        _exported_at as exported_at,
        reporting_currency as currency_code,
        {{ reporting('gross_amount_original') }} as gross_amount,
        {{ reporting('discount_amount_original') }} as discount_amount,
        {{ reporting('shipping_amount_original') }} as shipping_amount,
        {{ reporting('paid_amount_original') }} as paid_amount,
        {{ reporting('decided.refunded_amount_original') }} as stated_refunded_amount,
        {{ reporting('known_refunded_amount_original') }} as refunded_amount,
        currency_code_original,
        paid_amount_original,
        discount_amount_original,
        decided.refunded_amount_original as stated_refunded_amount_original,
        known_refunded_amount_original as refunded_amount_original,
        is_refund_inferred,
        item_quantity,
        payment_method,
        coupon_code
    from decided
)

select
    *,
    cast(coalesce(paid_amount, 0) - refunded_amount as decimal(18, 2)) as net_amount,
    cast(coalesce(paid_amount_original, 0) - refunded_amount_original as decimal(18, 2)) as net_amount_original
from converted
