-- One row per metric on newcomers (registration_first_order_30d, registration_second_order_30d, new_buyer_repurchase_30d) and month.
with

customers as (
    select * from {{ ref('int_customers') }}
),

firsts as (
    select * from {{ ref('int_customer_firsts') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain = 'month'
),

registered as (
    select
        {{ start_of('month', 'customers.registered_on') }} as period_start,
        count(*) as registered_count,
        count(case when firsts.registration_order_count_30d >= 1 then 1 end) as first_order_count,
        count(case when firsts.registration_order_count_30d >= 2 then 1 end) as second_order_count
    from customers
    left join firsts on customers.customer_no = firsts.customer_no
    where customers.registered_on is not null
    group by {{ start_of('month', 'customers.registered_on') }}
),

new_buyers as (
    select
        {{ start_of('month', 'first_purchased_on') }} as period_start,
        count(*) as new_buyer_count,
        count(case when second_purchased_on <= {{ add_days('first_purchased_on', 30) }} then 1 end) as repurchase_count
    from firsts
    group by {{ start_of('month', 'first_purchased_on') }}
),

counted as (
    select
        periods.period_grain,
        periods.period_start,
        periods.as_of,
        {{ add_days('periods.period_end_on', 30) }} as final_on,
        coalesce(registered.registered_count, 0) as registered_count,
        coalesce(registered.first_order_count, 0) as first_order_count,
        coalesce(registered.second_order_count, 0) as second_order_count,
        coalesce(new_buyers.new_buyer_count, 0) as new_buyer_count,
        coalesce(new_buyers.repurchase_count, 0) as repurchase_count
    from periods
    left join registered on periods.period_start = registered.period_start
    left join new_buyers on periods.period_start = new_buyers.period_start
),

measured as (
    select
        'registration_first_order_30d' as metric,
        counted.*,
        first_order_count as numerator,
        registered_count as denominator
    from counted

    union all

    select
        'registration_second_order_30d' as metric,
        counted.*,
        second_order_count as numerator,
        registered_count as denominator
    from counted

    union all

    select
        'new_buyer_repurchase_30d' as metric,
        counted.*,
        repurchase_count as numerator,
        new_buyer_count as denominator
    from counted
)

select
    metric,
    period_grain,
    period_start,
    'all' as dimension,
    'all' as dimension_value,
    numerator,
    denominator,
    'rate' as unit,
    final_on > as_of as is_provisional,
    as_of
from measured
