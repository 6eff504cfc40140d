-- One row per customer and complete month since the first purchase (as many months as the run keeps): what was known at the month's end.
--
-- A purchase counts at the month ends from its own month up to, not including, the month in which its window ends: two changes,
-- one at each end, and a running sum over the changes gives every month end: three rows a purchase instead of twelve.
{{ config(materialized='renewed', meta={'touched_by': {'customer_no': 'int_touched_customers'}}) }}
{%- set touched = asked('int_touched_customers') %}

with

purchases as (
    select * from {{ touched_rows(ref('int_customer_orders'), touched, 'customer_no') }}
    where is_purchase
),

presets as (
    select * from {{ ref('int_rfm_presets') }}
),

months as (
    select * from {{ ref('int_history_months') }}
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
        cast(sum(changes.monthly_count) as bigint) as monthly_count,
        cast(sum(changes.monthly_amount) as decimal(18, 2)) as monthly_amount,
        cast(sum(changes.annual_count) as bigint) as annual_count,
        cast(sum(changes.annual_amount) as decimal(18, 2)) as annual_amount
    from changes
    inner join bounds on changes.change_month <= bounds.last_month
    group by changes.customer_no, changes.change_month
),

states as (
    select
        changed.customer_no,
        changed.change_month,
        max(changed.purchased_on) over so_far as last_purchased_on,
        cast(sum(changed.monthly_count) over so_far as bigint) as frequency_monthly,
        cast(sum(changed.monthly_amount) over so_far as decimal(18, 2)) as monetary_amount_monthly,
        cast(sum(changed.annual_count) over so_far as bigint) as frequency_annual,
        cast(sum(changed.annual_amount) over so_far as decimal(18, 2)) as monetary_amount_annual,
        coalesce(
            lead(changed.change_month) over (partition by changed.customer_no order by changed.change_month asc nulls last),
            {{ add_months('bounds.last_month', 1) }}
        ) as next_change_month
    from changed
    cross join bounds
    window so_far as (
        partition by changed.customer_no
        order by changed.change_month asc nulls last
        rows between unbounded preceding and current row
    )
),

-- every month that a state can hold for, by its first and the next change: an equality join instead of a range join on millions of rows
change_months as (
    select month_start as change_month from months

    union all

    select {{ add_months('last_month', 1) }} as change_month from bounds
),

held_months as (
    select
        starts.month_start as change_month,
        ends.change_month as next_change_month,
        months.month_start,
        months.month_end_on
    from months as starts
    inner join change_months as ends on starts.month_start < ends.change_month
    inner join months on starts.month_start <= months.month_start and ends.change_month > months.month_start
)

select
    states.customer_no,
    held_months.month_start,
    held_months.month_end_on,
    states.last_purchased_on,
    states.frequency_monthly,
    states.monetary_amount_monthly,
    states.frequency_annual,
    states.monetary_amount_annual
from states
inner join held_months
    on states.change_month = held_months.change_month and states.next_change_month = held_months.next_change_month
