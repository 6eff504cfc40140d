-- One row per metric on buyers (repurchase_rate, repeat_buyer_share, churn_rate_literal, churn_rate_active_base, repeat_customer_retention)
-- and period. "Six months before a period" are whole calendar months: 6 months or 2 quarters.
with

gaps as (
    select * from {{ ref('int_buyer_gaps') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain in ('month', 'quarter')
),

activity as (
    select
        known_on,
        count(*) as customer_count
    from {{ ref('int_customer_activity') }}
    where known_on is not null
    group by known_on
),

known as (
    select
        periods.period_grain,
        periods.period_start,
        coalesce(sum(activity.customer_count), 0) as known_count
    from periods
    left join activity on periods.period_end_on >= activity.known_on
    group by periods.period_grain, periods.period_start
),

grains as (
    select
        'month' as period_grain,
        1 as months_in_period,
        6 as periods_in_6_months,
        11 as periods_back_in_12_months

    union all

    select
        'quarter' as period_grain,
        3 as months_in_period,
        2 as periods_in_6_months,
        3 as periods_back_in_12_months
),

buyers as (
    select
        gaps.period_grain,
        gaps.period_start,
        sum(gaps.customer_count) as buyer_count,
        sum(case when gaps.has_bought_twice then gaps.customer_count else 0 end) as repeat_in_period_count,
        sum(
            case
                when gaps.has_bought_twice or gaps.periods_since_previous <= grains.periods_back_in_12_months then gaps.customer_count
                else 0
            end
        ) as repeat_in_12_months_count
    from gaps
    inner join grains on gaps.period_grain = grains.period_grain
    group by gaps.period_grain, gaps.period_start
),

-- each gap row against the later periods for which it is the last purchase before
seen_from_later as (
    select
        gaps.*,
        grains.periods_in_6_months,
        periods.period_start as later_period_start,
        {{ months_between('gaps.period_start', 'periods.period_start') }} / grains.months_in_period as periods_later
    from gaps
    inner join grains on gaps.period_grain = grains.period_grain
    inner join periods on gaps.period_grain = periods.period_grain and gaps.period_start <= periods.period_start
),

churn as (
    select
        period_grain,
        later_period_start as period_start,
        sum(customer_count) as bought_before_count,
        sum(case when periods_to_next is null or periods_to_next > periods_later then customer_count else 0 end) as gone_count
    from seen_from_later
    where
        periods_later between 1 and periods_in_6_months
        and (periods_to_next is null or periods_to_next >= periods_later)
    group by period_grain, later_period_start
),

-- at the end of a month: last purchase within its 6 months, and one before it within them
retention as (
    select
        period_grain,
        later_period_start as period_start,
        sum(customer_count) as repeat_customer_count,
        sum(case when periods_to_next <= periods_later + 3 then customer_count else 0 end) as retained_count
    from seen_from_later
    where
        period_grain = 'month'
        and periods_later between 0 and 5
        and (periods_to_next is null or periods_to_next > periods_later)
        and (has_bought_twice or periods_since_previous + periods_later <= 5)
    group by period_grain, later_period_start
),

counted as (
    select
        periods.period_grain,
        periods.period_start,
        periods.period_end_on,
        periods.as_of,
        coalesce(buyers.buyer_count, 0) as buyer_count,
        coalesce(buyers.repeat_in_period_count, 0) as repeat_in_period_count,
        coalesce(buyers.repeat_in_12_months_count, 0) as repeat_in_12_months_count,
        known.known_count,
        coalesce(churn.bought_before_count, 0) as bought_before_count,
        coalesce(churn.gone_count, 0) as gone_count,
        coalesce(retention.repeat_customer_count, 0) as repeat_customer_count,
        coalesce(retention.retained_count, 0) as retained_count
    from periods
    inner join known on periods.period_grain = known.period_grain and periods.period_start = known.period_start
    left join buyers on periods.period_grain = buyers.period_grain and periods.period_start = buyers.period_start
    left join churn on periods.period_grain = churn.period_grain and periods.period_start = churn.period_start
    left join retention on periods.period_grain = retention.period_grain and periods.period_start = retention.period_start
),

measured as (
    select
        'repurchase_rate' as metric,
        period_grain,
        period_start,
        repeat_in_12_months_count as numerator,
        buyer_count as denominator,
        period_end_on as final_on,
        as_of
    from counted

    union all

    select
        'repeat_buyer_share' as metric,
        period_grain,
        period_start,
        repeat_in_period_count as numerator,
        buyer_count as denominator,
        period_end_on as final_on,
        as_of
    from counted

    union all

    select
        'churn_rate_literal' as metric,
        period_grain,
        period_start,
        gone_count as numerator,
        known_count - buyer_count as denominator,
        period_end_on as final_on,
        as_of
    from counted

    union all

    select
        'churn_rate_active_base' as metric,
        period_grain,
        period_start,
        gone_count as numerator,
        bought_before_count as denominator,
        period_end_on as final_on,
        as_of
    from counted

    union all

    select
        'repeat_customer_retention' as metric,
        period_grain,
        period_start,
        retained_count as numerator,
        repeat_customer_count as denominator,
        {{ add_days(add_months('period_start', 4), -1) }} as final_on,
        as_of
    from counted
    where period_grain = 'month'
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
