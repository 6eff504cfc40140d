-- One row per metric on buyers (repurchase_rate, repeat_buyer_share, churn_rate_literal, churn_rate_active_base,
-- repeat_customer_retention), period, dimension (all, acquisition_channel, rfm_tier) and value.
-- "Six months before a period" are whole calendar months: 6 months or 2 quarters.
{%- set metrics = {
    'repurchase_rate': ('repeat_in_12_months_count', 'buyer_count'),
    'repeat_buyer_share': ('repeat_in_period_count', 'buyer_count'),
    'churn_rate_literal': ('gone_count', 'known_count - buyer_count'),
    'churn_rate_active_base': ('gone_count', 'bought_before_count'),
    'repeat_customer_retention': ('retained_count', 'repeat_customer_count'),
} %}
with

gaps as (
    select * from {{ ref('int_buyer_gaps') }}
),

tier_gaps as (
    select * from {{ ref('int_tier_gaps') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain in ('month', 'quarter')
),

history_months as (
    select * from {{ ref('int_history_months') }}
),

slices as (
    select * from {{ ref('int_slices') }}
    where dimension in ('all', 'acquisition_channel', 'rfm_tier')
),

known_days as (
    select
        activity.known_on,
        coalesce(channels.acquisition_channel, 'unattributed') as acquisition_channel,
        count(*) as customer_count
    from {{ ref('int_customer_activity') }} as activity
    left join {{ ref('int_customer_channels') }} as channels on activity.customer_no = channels.customer_no
    where activity.known_on is not null
    group by activity.known_on, coalesce(channels.acquisition_channel, 'unattributed')
),

known_channels as (
    select
        periods.period_grain,
        periods.period_start,
        known_days.acquisition_channel,
        sum(known_days.customer_count) as customer_count
    from periods
    inner join known_days on periods.period_end_on >= known_days.known_on
    group by periods.period_grain, periods.period_start, known_days.acquisition_channel
),

known_all as (
    select
        period_grain,
        period_start,
        sum(customer_count) as customer_count
    from known_channels
    group by period_grain, period_start
),

-- everybody who has bought by a month's end
tiered as (
    select
        month_start,
        rfm_tier,
        sum(customer_count) as customer_count
    from tier_gaps
    group by month_start, rfm_tier
),

tiered_all as (
    select
        month_start,
        sum(customer_count) as customer_count
    from tiered
    group by month_start
),

known as (
    select
        period_grain,
        period_start,
        'acquisition_channel' as dimension,
        acquisition_channel as dimension_value,
        customer_count
    from known_channels

    union all

    select
        period_grain,
        period_start,
        'all' as dimension,
        'all' as dimension_value,
        customer_count
    from known_all

    union all

    select
        'month' as period_grain,
        month_start as period_start,
        'rfm_tier' as dimension,
        rfm_tier as dimension_value,
        customer_count
    from tiered

    union all

    -- known, and without a purchase by the month's end
    select
        'month' as period_grain,
        history_months.month_start as period_start,
        'rfm_tier' as dimension,
        'no_purchase' as dimension_value,
        known_all.customer_count - coalesce(tiered_all.customer_count, 0) as customer_count
    from history_months
    inner join known_all on history_months.month_start = known_all.period_start and known_all.period_grain = 'month'
    left join tiered_all on history_months.month_start = tiered_all.month_start
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

-- each gap row against the later periods for which it is the last period with a purchase
seen_from_later as (
    select
        gaps.period_grain,
        periods.period_start,
        gaps.acquisition_channel,
        gaps.has_bought_twice,
        gaps.periods_since_previous,
        gaps.periods_to_next,
        gaps.customer_count,
        {{ months_between('gaps.period_start', 'periods.period_start') }} / grains.months_in_period as periods_later
    from gaps
    inner join grains on gaps.period_grain = grains.period_grain
    inner join periods on gaps.period_grain = periods.period_grain and gaps.period_start <= periods.period_start
),

states as (
    select
        period_grain,
        period_start,
        'acquisition_channel' as dimension,
        acquisition_channel as dimension_value,
        has_bought_twice,
        periods_since_previous,
        periods_to_next,
        periods_later,
        customer_count
    from seen_from_later
    where periods_to_next is null or periods_to_next > periods_later

    union all

    select
        period_grain,
        period_start,
        'all' as dimension,
        'all' as dimension_value,
        has_bought_twice,
        periods_since_previous,
        periods_to_next,
        periods_later,
        customer_count
    from seen_from_later
    where periods_to_next is null or periods_to_next > periods_later

    union all

    select
        'month' as period_grain,
        month_start as period_start,
        'rfm_tier' as dimension,
        rfm_tier as dimension_value,
        has_bought_twice,
        periods_since_previous,
        periods_to_next,
        periods_later,
        customer_count
    from tier_gaps
),

-- what a customer's last period with a purchase, up to and including this one, makes of the customer
judged as (
    select
        states.*,
        states.periods_later = 0 as is_buyer,
        states.periods_later between 1 and grains.periods_in_6_months as is_gone,
        states.periods_later = 0
        and (states.has_bought_twice or coalesce(states.periods_since_previous <= grains.periods_back_in_12_months, false))
            as is_repeat_in_12_months,
        states.periods_later = 0 and coalesce(states.periods_since_previous <= grains.periods_in_6_months, false) as has_come_back,
        states.periods_later <= 5
        and (states.has_bought_twice or coalesce(states.periods_since_previous + states.periods_later <= 5, false)) as is_repeat_customer,
        coalesce(states.periods_to_next <= states.periods_later + 3, false) as is_next_within_3
    from states
    inner join grains on states.period_grain = grains.period_grain
),

counted as (
    select
        period_grain,
        period_start,
        dimension,
        dimension_value,
        sum(case when is_buyer then customer_count else 0 end) as buyer_count,
        sum(case when is_buyer and has_bought_twice then customer_count else 0 end) as repeat_in_period_count,
        sum(case when is_repeat_in_12_months then customer_count else 0 end) as repeat_in_12_months_count,
        sum(case when is_gone then customer_count else 0 end) as gone_count,
        sum(case when is_gone or has_come_back then customer_count else 0 end) as bought_before_count,
        sum(case when is_repeat_customer then customer_count else 0 end) as repeat_customer_count,
        sum(case when is_repeat_customer and is_next_within_3 then customer_count else 0 end) as retained_count
    from judged
    group by period_grain, period_start, dimension, dimension_value
),

filled as (
    select
        periods.period_grain,
        periods.period_start,
        slices.dimension,
        slices.dimension_value,
        periods.period_end_on,
        periods.as_of,
        coalesce(known.customer_count, 0) as known_count,
        coalesce(counted.buyer_count, 0) as buyer_count,
        coalesce(counted.repeat_in_period_count, 0) as repeat_in_period_count,
        coalesce(counted.repeat_in_12_months_count, 0) as repeat_in_12_months_count,
        coalesce(counted.gone_count, 0) as gone_count,
        coalesce(counted.bought_before_count, 0) as bought_before_count,
        coalesce(counted.repeat_customer_count, 0) as repeat_customer_count,
        coalesce(counted.retained_count, 0) as retained_count
    from periods
    cross join slices
    left join history_months on periods.period_start = history_months.month_start and periods.period_grain = 'month'
    left join known
        on
            periods.period_grain = known.period_grain
            and periods.period_start = known.period_start
            and slices.dimension = known.dimension
            and slices.dimension_value = known.dimension_value
    left join counted
        on
            periods.period_grain = counted.period_grain
            and periods.period_start = counted.period_start
            and slices.dimension = counted.dimension
            and slices.dimension_value = counted.dimension_value
    -- tiers are those of scored month ends
    where slices.dimension <> 'rfm_tier' or history_months.month_start is not null
),

measured as (
    {%- for metric, (numerator, denominator) in metrics.items() %}
        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            {{ numerator }} as numerator,
            {{ denominator }} as denominator,
            {{ add_days(add_months('period_start', 4), -1) if metric == 'repeat_customer_retention' else 'period_end_on' }} as final_on,
            as_of
        from filled
        {%- if metric == 'repeat_customer_retention' %}
            where period_grain = 'month'
        {%- endif %}
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
)

select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    numerator,
    denominator,
    'rate' as unit,
    final_on > as_of as is_provisional,
    as_of
from measured
