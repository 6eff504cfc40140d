-- One row per order that a bill speaks of, or should, and per payment or refund that names no order: do they agree, and if not why.
--
-- A bill is that of one shop's account with one way to pay: by this kind it is known which orders it should hold. Orders are read anew
-- where they are needed, with the few columns that are: what several parts share the engine writes out first, as wide as the widest needs.
{{ config(materialized='table') }}
{%- set orders = ref('fct_orders') %}
{%- set kind = "coalesce(orders.store_id_channel, '') || '/' || coalesce(orders.payment_method, '')" %}

with

order_versions as (
    select * from {{ ref('stg_channel_orders') }}
),

payments as (
    select * from {{ ref('fct_payments') }}
    where status = 'succeeded'
),

refunds as (
    select * from {{ ref('fct_refunds') }}
    where status = 'succeeded'
),

rates as (
    select * from {{ ref('int_currency_rates') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

selling_channels as (
    select distinct orders.channel from {{ orders }} as orders
),

-- some bills list payments only: that a refund is not in them says nothing
channels_that_tell_refunds as (
    select distinct channel from refunds
),

-- money that the selling channel itself tells of is a settlement; that of a payment platform is a payment. The two are the same money
payments_of_orders as (
    select
        payments.order_key,
        payments.channel <> orders.channel as is_payment,
        payments.channel = orders.channel as is_settlement,
        payments.currency_code_original <> orders.currency_code_original as is_foreign,
        payments.channel <> orders.channel and payments.paid_amount_original = orders.paid_amount_original as is_whole_payment,
        channels_that_tell_refunds.channel is not null as is_refund_told,
        payments.paid_on,
        payments.paid_amount,
        payments.paid_amount_original
    from payments
    inner join {{ orders }} as orders on payments.order_key = orders.order_key
    left join channels_that_tell_refunds on payments.channel = channels_that_tell_refunds.channel
),

paid as (
    select
        order_key,
        sum(case when is_payment then 1 else 0 end) as payment_count,
        sum(case when is_payment then paid_amount end) as payment_amount,
        sum(case when is_payment then paid_amount_original end) as payment_amount_original,
        sum(case when is_settlement then 1 else 0 end) as settlement_count,
        sum(case when is_settlement then paid_amount end) as settlement_amount,
        sum(case when is_settlement then paid_amount_original end) as settlement_amount_original,
        sum(case when is_whole_payment then 1 else 0 end) as whole_payment_count,
        max(case when is_foreign then 1 else 0 end) = 1 as is_foreign,
        max(case when is_refund_told then 1 else 0 end) = 1 as is_refund_told,
        max(case when is_payment then paid_on end) as last_payment_on,
        max(case when is_settlement then paid_on end) as last_settlement_on
    from payments_of_orders
    group by order_key
),

-- two feeds may tell of one refund: they are compared, never added up
refunds_of_feeds as (
    select
        order_key,
        channel,
        count(*) as refund_count,
        sum(refunded_amount) as refund_amount,
        sum(refunded_amount_original) as refund_amount_original,
        max(currency_code_original) as currency_code_original,
        max(refunded_at) as last_refunded_at,
        max(refunded_on) as last_refunded_on
    from refunds
    where order_key is not null
    group by order_key, channel
),

refunded as (
    select
        order_key,
        sum(refund_count) as refund_count,
        max(refund_amount) as refund_amount,
        max(refund_amount_original) as refund_amount_original,
        max(currency_code_original) as refund_currency_code_original,
        max(last_refunded_at) as last_refunded_at,
        max(last_refunded_on) as last_refunded_on
    from refunds_of_feeds
    group by order_key
),

-- since when the order's own exports state the refund that the newest one states
statements as (
    select
        order_versions.order_key,
        order_versions.refunded_amount_original,
        min(order_versions._exported_at) as stated_at
    from order_versions
    where order_versions.refunded_amount_original > 0
    group by order_versions.order_key, order_versions.refunded_amount_original
),

-- few columns of every order: how many of a kind are known to bills
known as (
    select
        orders.channel,
        {{ kind }} as kind,
        orders.booked_on,
        count(*) as order_count,
        sum(case when paid.payment_count > 0 then 1 else 0 end) as with_payment_count,
        sum(case when paid.settlement_count > 0 then 1 else 0 end) as with_settlement_count
    from {{ orders }} as orders
    left join paid on orders.order_key = paid.order_key
    where
        orders.order_type = 'sale'
        and orders.status in ('paid', 'shipped', 'completed', 'refunded')
        and orders.paid_amount_original > 0
    group by orders.channel, {{ kind }}, orders.booked_on
),

-- from which day on the orders of a kind appear in bills at all
first_days as (
    select
        channel,
        kind,
        min(case when with_payment_count > 0 then booked_on end) as first_payment_on,
        min(case when with_settlement_count > 0 then booked_on end) as first_settlement_on
    from known
    group by channel, kind
),

shares as (
    select
        known.channel,
        known.kind,
        first_days.first_payment_on,
        first_days.first_settlement_on,
        sum(case when known.booked_on >= first_days.first_payment_on then known.order_count else 0 end) as since_first_payment_count,
        sum(known.with_payment_count) as with_payment_count,
        sum(case when known.booked_on >= first_days.first_settlement_on then known.order_count else 0 end) as since_first_settlement_count,
        sum(known.with_settlement_count) as with_settlement_count
    from known
    inner join first_days on known.channel = first_days.channel and known.kind = first_days.kind
    group by known.channel, known.kind, first_days.first_payment_on, first_days.first_settlement_on
),

-- how long payments and settlements of the kind usually take: marketplaces pay out when the buyer has confirmed
lags as (
    select
        orders.channel,
        {{ kind }} as kind,
        median({{ days_between('orders.booked_on', 'paid.last_payment_on') }}) as payment_lag_days,
        median({{ days_between('orders.booked_on', 'paid.last_settlement_on') }}) as settlement_lag_days
    from {{ orders }} as orders
    inner join paid on orders.order_key = paid.order_key
    group by orders.channel, {{ kind }}
),

-- the days from which on each order of the kind needs a counterpart; null where too few have one
expectations as (
    select
        shares.channel,
        shares.kind,
        case
            when shares.with_payment_count >= run_context.reconciliation_expected_from_share * shares.since_first_payment_count
                then shares.first_payment_on
        end as payment_expected_from_on,
        case
            when shares.with_settlement_count >= run_context.reconciliation_expected_from_share * shares.since_first_settlement_count
                then shares.first_settlement_on
        end as settlement_expected_from_on
    from shares
    cross join run_context
),

spoken_of as (
    select
        orders.order_key,
        orders.channel,
        orders.booked_on,
        orders.ordered_on,
        orders.exported_at,
        orders.currency_code as reporting_currency,
        orders.currency_code_original,
        coalesce(orders.paid_amount, 0) as order_amount,
        coalesce(orders.paid_amount_original, 0) as order_amount_original,
        coalesce(orders.discount_amount_original, 0) as discount_amount_original,
        orders.stated_refunded_amount,
        orders.stated_refunded_amount_original,
        orders.is_refund_inferred,
        orders.order_type = 'sale' and orders.status in ('paid', 'shipped', 'completed', 'refunded') as is_sold,
        orders.order_type = 'sale' and orders.status in ('unpaid', 'cancelled') as is_unpaid,
        coalesce(paid.payment_count, 0) as payment_count,
        coalesce(paid.payment_amount, 0) as payment_amount,
        coalesce(paid.payment_amount_original, 0) as payment_amount_original,
        coalesce(paid.settlement_count, 0) as settlement_count,
        coalesce(paid.settlement_amount, 0) as settlement_amount,
        coalesce(paid.settlement_amount_original, 0) as settlement_amount_original,
        coalesce(paid.whole_payment_count, 0) as whole_payment_count,
        coalesce(paid.is_refund_told, false) as is_refund_told,
        coalesce(paid.is_foreign, false)
        or coalesce(refunded.refund_currency_code_original <> orders.currency_code_original, false) as is_foreign,
        coalesce(refunded.refund_count, 0) as refund_count,
        coalesce(refunded.refund_amount, 0) as refund_amount,
        coalesce(refunded.refund_amount_original, 0) as refund_amount_original,
        refunded.last_refunded_at,
        paid.last_payment_on,
        paid.last_settlement_on,
        refunded.last_refunded_on,
        greatest(coalesce(lags.payment_lag_days, 0), 0) as payment_lag_days,
        greatest(coalesce(lags.settlement_lag_days, 0), 0) as settlement_lag_days,
        coalesce(orders.booked_on >= expectations.payment_expected_from_on, false) as is_payment_expected_of_kind,
        coalesce(orders.booked_on >= expectations.settlement_expected_from_on, false) as is_settlement_expected_of_kind
    from {{ orders }} as orders
    left join paid on orders.order_key = paid.order_key
    left join refunded on orders.order_key = refunded.order_key
    left join expectations
        on orders.channel = expectations.channel and {{ kind }} = expectations.kind
    left join lags on orders.channel = lags.channel and {{ kind }} = lags.kind
    where
        paid.order_key is not null
        or refunded.order_key is not null
        or orders.booked_on >= expectations.payment_expected_from_on
        or orders.booked_on >= expectations.settlement_expected_from_on
),

expected as (
    select
        spoken_of.*,
        rates.rate,
        {{ business_date('statements.stated_at', 'run_context.business_time_zone') }} as stated_on,
        run_context.as_of,
        run_context.reconciliation_pending_days as pending_days,
        run_context.reconciliation_pending_lags as pending_lags,
        run_context.reconciliation_tolerance_amount as tolerance_amount,
        spoken_of.is_sold
        and spoken_of.is_payment_expected_of_kind
        and spoken_of.order_amount_original > run_context.reconciliation_tolerance_amount as is_payment_expected,
        spoken_of.is_sold
        and spoken_of.is_settlement_expected_of_kind
        and spoken_of.order_amount_original > run_context.reconciliation_tolerance_amount as is_settlement_expected,
        -- what an export said before the refund is no contradiction; what it infers from a status is no statement
        not spoken_of.is_refund_inferred
        and spoken_of.stated_refunded_amount_original is not null
        and case
            when spoken_of.refund_count > 0 then spoken_of.exported_at >= spoken_of.last_refunded_at
            else spoken_of.is_refund_told
        end as is_refund_comparable,
        spoken_of.payment_amount_original - spoken_of.order_amount_original as payment_difference_original,
        spoken_of.settlement_amount_original - spoken_of.order_amount_original as settlement_difference_original,
        spoken_of.refund_amount_original - spoken_of.stated_refunded_amount_original as refund_difference_original
    from spoken_of
    cross join run_context
    left join statements
        on
            spoken_of.order_key = statements.order_key
            and spoken_of.stated_refunded_amount_original = statements.refunded_amount_original
    left join rates
        on
            spoken_of.currency_code_original = rates.currency_code
            and spoken_of.ordered_on >= rates.valid_from_on
            and spoken_of.ordered_on < rates.valid_to_on
),

judged as (
    select
        expected.*,
        case
            when is_foreign then 'currency_differs'
            when whole_payment_count > 1 and order_amount_original > 0 then 'paid_twice'
            when
                is_unpaid
                and greatest(payment_amount_original, settlement_amount_original) - refund_amount_original > tolerance_amount
                then 'payment_of_unpaid_order'
            when is_payment_expected and payment_count = 0 then 'order_without_payment'
            when is_settlement_expected and settlement_count = 0 then 'order_without_settlement'
            when
                is_sold and payment_count > 0
                -- a till is paid in parts, of which one may be known to a platform
                and (
                    payment_difference_original > tolerance_amount
                    or (payment_difference_original < -tolerance_amount and settlement_count = 0)
                )
                then 'payment_differs'
            when
                is_sold and settlement_count > 0
                -- the selling platform pays its part of the discount
                and (
                    settlement_difference_original > tolerance_amount + discount_amount_original
                    or settlement_difference_original < -tolerance_amount
                )
                then 'settlement_differs'
            when is_refund_comparable and abs(refund_difference_original) > tolerance_amount then 'refund_differs'
        end as reason
    from expected
),

measured as (
    select
        judged.*,
        pending_days
        + case
            when reason in ('order_without_payment', 'payment_differs') then pending_lags * payment_lag_days
            when reason in ('order_without_settlement', 'settlement_differs') then pending_lags * settlement_lag_days
            else 0
        end as pending_for_days,
        case
            when reason in ('paid_twice', 'order_without_payment', 'payment_differs') then payment_difference_original
            when reason in ('order_without_settlement', 'settlement_differs') then settlement_difference_original
            when
                reason = 'payment_of_unpaid_order'
                then greatest(payment_amount_original, settlement_amount_original) - refund_amount_original
            when reason = 'refund_differs' then refund_difference_original
        end as difference_amount_original
    from judged
),

dated as (
    select
        measured.*,
        {{ add_days(
            'greatest(booked_on, last_payment_on, last_settlement_on, last_refunded_on, stated_on)', 'ceil(pending_for_days)'
        ) }} as pending_until_on
    from measured
),

items_of_orders as (
    select
        'order' as item_type,
        order_key as item_key,
        order_key,
        channel,
        booked_on as day_on,
        reason,
        case
            when reason is null then 'agrees'
            when as_of < pending_until_on then 'pending'
            else 'differs'
        end as outcome,
        pending_until_on,
        is_payment_expected or (is_sold and payment_count > 0) as is_payable,
        is_settlement_expected or (is_sold and settlement_count > 0) as is_settleable,
        order_amount,
        payment_count,
        payment_amount,
        settlement_count,
        settlement_amount,
        stated_refunded_amount as order_refunded_amount,
        refund_count,
        refund_amount,
        case when is_refund_comparable then {{ reporting('refund_difference_original') }} end as refund_difference_amount,
        case
            when reason = 'currency_differs' then payment_amount + settlement_amount - order_amount
            else {{ reporting('difference_amount_original') }}
        end as difference_amount,
        currency_code_original,
        difference_amount_original
    from dated
    where reason is not null or payment_count + settlement_count + refund_count > 0
),

-- payments of a trade type that hardly ever finds an order (a till's own scanner) are not missing one
payment_groups as (
    select
        channel,
        coalesce(payment_method, '') as payment_method,
        count(*) as payment_count,
        count(order_key) as with_order_count
    from payments
    group by channel, coalesce(payment_method, '')
),

payments_without_order as (
    select
        payments.payment_key,
        payments.channel,
        payments.paid_on,
        payments.paid_amount,
        payments.currency_code_original,
        payments.paid_amount_original,
        selling_channels.channel is not null as is_settlement,
        payment_groups.with_order_count
        >= run_context.reconciliation_expected_from_share * payment_groups.payment_count as is_order_expected,
        run_context.as_of,
        {{ add_days('payments.paid_on', 'run_context.reconciliation_pending_days') }} as pending_until_on
    from payments
    cross join run_context
    inner join payment_groups
        on payments.channel = payment_groups.channel and coalesce(payments.payment_method, '') = payment_groups.payment_method
    left join selling_channels on payments.channel = selling_channels.channel
    where payments.order_key is null
),

refund_groups as (
    select
        channel,
        count(*) as refund_count,
        count(order_key) as with_order_count
    from refunds
    group by channel
),

refunds_without_order as (
    select
        refunds.refund_key,
        refunds.channel,
        refunds.refunded_on,
        refunds.refunded_amount,
        refunds.currency_code_original,
        refunds.refunded_amount_original,
        refund_groups.with_order_count
        >= run_context.reconciliation_expected_from_share * refund_groups.refund_count as is_order_expected,
        run_context.as_of,
        {{ add_days('refunds.refunded_on', 'run_context.reconciliation_pending_days') }} as pending_until_on
    from refunds
    cross join run_context
    inner join refund_groups on refunds.channel = refund_groups.channel
    where refunds.order_key is null
)

select
    item_type,
    item_key,
    order_key,
    channel,
    day_on,
    reason,
    outcome,
    pending_until_on,
    is_payable,
    is_settleable,
    order_amount,
    payment_count,
    payment_amount,
    settlement_count,
    settlement_amount,
    order_refunded_amount,
    refund_count,
    refund_amount,
    refund_difference_amount,
    difference_amount,
    currency_code_original,
    difference_amount_original
from items_of_orders

union all

select
    'payment' as item_type,
    payment_key as item_key,
    null as order_key,
    channel,
    paid_on as day_on,
    case when is_order_expected then 'payment_without_order' end as reason,
    case when not is_order_expected then 'unchecked' when as_of < pending_until_on then 'pending' else 'differs' end as outcome,
    pending_until_on,
    false as is_payable,
    false as is_settleable,
    0 as order_amount,
    case when is_settlement then 0 else 1 end as payment_count,
    case when is_settlement then 0 else paid_amount end as payment_amount,
    case when is_settlement then 1 else 0 end as settlement_count,
    case when is_settlement then paid_amount else 0 end as settlement_amount,
    null as order_refunded_amount,
    0 as refund_count,
    0 as refund_amount,
    null as refund_difference_amount,
    case when is_order_expected then paid_amount end as difference_amount,
    currency_code_original,
    case when is_order_expected then paid_amount_original end as difference_amount_original
from payments_without_order

union all

select
    'refund' as item_type,
    refund_key as item_key,
    null as order_key,
    channel,
    refunded_on as day_on,
    case when is_order_expected then 'refund_without_order' end as reason,
    case when not is_order_expected then 'unchecked' when as_of < pending_until_on then 'pending' else 'differs' end as outcome,
    pending_until_on,
    false as is_payable,
    false as is_settleable,
    0 as order_amount,
    0 as payment_count,
    0 as payment_amount,
    0 as settlement_count,
    0 as settlement_amount,
    null as order_refunded_amount,
    1 as refund_count,
    refunded_amount as refund_amount,
    null as refund_difference_amount,
    case when is_order_expected then refunded_amount end as difference_amount,
    currency_code_original,
    case when is_order_expected then refunded_amount_original end as difference_amount_original
from refunds_without_order
