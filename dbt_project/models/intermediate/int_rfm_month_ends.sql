-- One row per customer and complete month since the first purchase (as many months as the run keeps): what was known at the month's end.
--
-- A purchase counts at the month ends from its own month up to, not including, the month in which its window ends: two changes,
-- one at each end, and a running sum over the changes gives every month end: three rows a purchase instead of twelve.
{{ config(materialized='table') }}

with

purchases as (
    select * from {{ ref('int_customer_orders') }}
    where is_purchase
),

presets as (
    select * from {{ ref('int_rfm_presets') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

complete_months as (
    select
        periods.period_start as month_start,
        periods.period_end_on as month_end_on,
        row_number() over (order by periods.period_start desc nulls last) as months_back
    from {{ ref('int_periods') }} as periods
    where periods.period_grain = 'month' and not periods.is_open
),

months as (
    select
        complete_months.month_start,
        complete_months.month_end_on
    from complete_months
    inner join run_context on complete_months.months_back <= run_context.rfm_history_months
),

bounds as (
    select
        min(month_start) as first_month,
        max(month_start) as last_month
    from months
),

windows as (
    select
        max(case when preset = 'monthly' then window_days end) as monthly_days,
        max(case when preset = 'annual' then window_days end) as annual_days
    from presets
),

spans as (
    select
        purchases.customer_no,
        purchases.purchased_on,
        purchases.net_amount,
        greatest({{ start_of('month', 'purchases.purchased_on') }}, bounds.first_month) as entry_month,
        greatest(
            {{ start_of('month', add_days('purchases.purchased_on', 'windows.monthly_days')) }}, bounds.first_month
        ) as monthly_exit_month,
        greatest(
            {{ start_of('month', add_days('purchases.purchased_on', 'windows.annual_days')) }}, bounds.first_month
        ) as annual_exit_month
    from purchases
    cross join bounds
    cross join windows
    where {{ start_of('month', 'purchases.purchased_on') }} <= bounds.last_month
),

changes as (
    select
        customer_no,
        entry_month as change_month,
        purchased_on,
        1 as monthly_count,
        net_amount as monthly_amount,
        1 as annual_count,
        net_amount as annual_amount
    from spans

    union all

    select
        customer_no,
        monthly_exit_month as change_month,
        null as purchased_on,
        -1 as monthly_count,
        -net_amount as monthly_amount,
        0 as annual_count,
        0 as annual_amount
    from spans

    union all

    select
        customer_no,
        annual_exit_month as change_month,
        null as purchased_on,
        0 as monthly_count,
        0 as monthly_amount,
        -1 as annual_count,
        -net_amount as annual_amount
    from spans
),

changed as (
    select
        changes.customer_no,
        changes.change_month,
        max(changes.purchased_on) as purchased_on,
        sum(changes.monthly_count) as monthly_count,
        cast(sum(changes.monthly_amount) as decimal(18, 2)) as monthly_amount,
        sum(changes.annual_count) as annual_count,
        cast(sum(changes.annual_amount) as decimal(18, 2)) as annual_amount
    from changes
    inner join bounds on changes.change_month <= bounds.last_month
    group by changes.customer_no, changes.change_month
),

states as (
    select
        customer_no,
        change_month,
        max(purchased_on) over so_far as last_purchased_on,
        sum(monthly_count) over so_far as frequency_monthly,
        sum(monthly_amount) over so_far as monetary_amount_monthly,
        sum(annual_count) over so_far as frequency_annual,
        sum(annual_amount) over so_far as monetary_amount_annual,
        lead(change_month) over (partition by customer_no order by change_month asc nulls last) as next_change_month
    from changed
    window so_far as (
        partition by customer_no
        order by change_month asc nulls last
        rows between unbounded preceding and current row
    )
)

select
    states.customer_no,
    months.month_start,
    months.month_end_on,
    states.last_purchased_on,
    states.frequency_monthly,
    cast(states.monetary_amount_monthly as decimal(18, 2)) as monetary_amount_monthly,
    states.frequency_annual,
    cast(states.monetary_amount_annual as decimal(18, 2)) as monetary_amount_annual
from states
inner join months
    on
        states.change_month <= months.month_start
        and (states.next_change_month is null or states.next_change_month > months.month_start)
