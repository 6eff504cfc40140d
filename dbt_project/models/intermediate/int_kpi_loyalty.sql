-- One row per metric on loyalty, period, dimension (all, channel) and value.
--
-- Points are of weeks, months and quarters, customers by level of the ends of complete months. Periods without a booking have their row
-- under `all` only.
{%- set dimensions = {'all': "'all'", 'channel': 'channel'} %}
{%- set grains = ['week', 'month', 'quarter'] %}
{%- set metrics = {
    'points_issued': ('points_issued', none, 'points'),
    'points_redeemed': ('points_redeemed', none, 'points'),
    'points_expired': ('points_expired', none, 'points'),
    'points_redemption_rate': ('points_redeemed', 'points_issued', 'rate')
} %}
with

movements as (
    select * from {{ ref('fct_points') }}
),

levels as (
    select * from {{ ref('int_level_month_ends') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain in ('{{ grains | join("', '") }}')
),

daily as (
    select
        occurred_on,
        channel,
        sum(case when reason = 'earned' then points_delta else 0 end) as points_issued,
        -sum(case when reason = 'redeemed' then points_delta else 0 end) as points_redeemed,
        -sum(case when reason = 'expired' then points_delta else 0 end) as points_expired
    from movements
    group by occurred_on, channel
),

sliced as (
    {%- for grain in grains %}
        {%- set is_last_grain = loop.last %}
        {%- for dimension, value in dimensions.items() %}
            select
                '{{ grain }}' as period_grain,
                {{ start_of(grain, 'occurred_on') }} as period_start,
                '{{ dimension }}' as dimension,
                {{ value }} as dimension_value,
                sum(points_issued) as points_issued,
                sum(points_redeemed) as points_redeemed,
                sum(points_expired) as points_expired
            from daily
            group by {{ start_of(grain, 'occurred_on') }}{{ ', ' ~ value if dimension != 'all' }}
            {{ 'union all' if not (loop.last and is_last_grain) }}
        {%- endfor %}
    {%- endfor %}
),

slots as (
    select
        period_grain,
        period_start,
        'all' as dimension,
        'all' as dimension_value
    from periods

    union all

    select
        period_grain,
        period_start,
        dimension,
        dimension_value
    from sliced
    where dimension <> 'all'
),

summed as (
    select
        slots.period_grain,
        slots.period_start,
        slots.dimension,
        slots.dimension_value,
        coalesce(sliced.points_issued, 0) as points_issued,
        coalesce(sliced.points_redeemed, 0) as points_redeemed,
        coalesce(sliced.points_expired, 0) as points_expired,
        periods.is_open as is_provisional,
        periods.as_of
    from slots
    inner join periods on slots.period_grain = periods.period_grain and slots.period_start = periods.period_start
    left join sliced
        on
            slots.period_grain = sliced.period_grain
            and slots.period_start = sliced.period_start
            and slots.dimension = sliced.dimension
            and slots.dimension_value = sliced.dimension_value
),

measured as (
    {%- for metric, (numerator, denominator, unit) in metrics.items() %}
        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            cast({{ numerator }} as decimal(18, 2)) as numerator,
            cast({{ denominator or 'null' }} as decimal(18, 2)) as denominator,
            '{{ unit }}' as unit,
            is_provisional,
            as_of
        from summed

        union all
    {%- endfor %}

    select
        levels.level || '_level_customers' as metric,
        periods.period_grain,
        periods.period_start,
        'all' as dimension,
        'all' as dimension_value,
        cast(levels.customer_count as decimal(18, 2)) as numerator,
        cast(null as decimal(18, 2)) as denominator,
        'customers' as unit,
        periods.is_open as is_provisional,
        periods.as_of
    from levels
    inner join periods on levels.month_start = periods.period_start and periods.period_grain = 'month'
)

select
    metric,
    period_grain,
    period_start,
    dimension,
    dimension_value,
    numerator,
    denominator,
    unit,
    is_provisional,
    as_of
from measured
