-- One row per metric on activity (dau, wau, mau, anonymous_dau, anonymous_wau, anonymous_mau, arpu, active_retention_d1, _d7, _d30),
-- period, dimension (all, acquisition_channel) and value.
{%- set counts = {'day': 'dau', 'week': 'wau', 'month': 'mau'} %}
with

periods as (
    select * from {{ ref('int_periods') }}
),

activity as (
    select * from {{ ref('int_period_activity') }}
),

sales as (
    select * from {{ ref('int_period_sales') }}
),

registrations as (
    select * from {{ ref('int_registration_activity') }}
),

slices as (
    select * from {{ ref('int_slices') }}
    where dimension in ('all', 'acquisition_channel')
),

filled as (
    select
        periods.period_grain,
        periods.period_start,
        slices.dimension,
        slices.dimension_value,
        coalesce(activity.active_count, 0) as active_count,
        sales.net_amount,
        periods.is_open as is_provisional,
        periods.as_of
    from periods
    cross join slices
    left join activity
        on
            periods.period_grain = activity.period_grain
            and periods.period_start = activity.period_start
            and slices.dimension = activity.dimension
            and slices.dimension_value = activity.dimension_value
    left join sales
        on
            periods.period_grain = sales.period_grain
            and periods.period_start = sales.period_start
            and slices.dimension = sales.dimension
            and slices.dimension_value = sales.dimension_value
),

visitors as (
    select
        periods.period_grain,
        periods.period_start,
        coalesce(activity.active_count, 0) as active_count,
        periods.is_open as is_provisional,
        periods.as_of
    from periods
    left join activity
        on
            periods.period_grain = activity.period_grain
            and periods.period_start = activity.period_start
            and activity.dimension = 'visitor'
),

sliced_registrations as (
    select
        'acquisition_channel' as dimension,
        acquisition_channel as dimension_value,
        registrations.*
    from registrations

    union all

    select
        'all' as dimension,
        'all' as dimension_value,
        registrations.*
    from registrations
),

registered as (
    {%- for grain in ['day', 'month'] %}
        select
            '{{ grain }}' as period_grain,
            {{ start_of(grain, 'registered_on') }} as period_start,
            dimension,
            dimension_value,
            {% for days in [1, 7, 30] %}
                sum(active_count_d{{ days }}) as active_count_d{{ days }},
            {% endfor %}
            sum(registered_count) as registered_count
        from sliced_registrations
        group by {{ start_of(grain, 'registered_on') }}, dimension, dimension_value
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
),

retained as (
    select
        periods.period_grain,
        periods.period_start,
        periods.period_end_on,
        periods.as_of,
        slices.dimension,
        slices.dimension_value,
        {% for days in [1, 7, 30] %}
            coalesce(registered.active_count_d{{ days }}, 0) as active_count_d{{ days }},
        {% endfor %}
        coalesce(registered.registered_count, 0) as registered_count
    from periods
    cross join slices
    left join registered
        on
            periods.period_grain = registered.period_grain
            and periods.period_start = registered.period_start
            and slices.dimension = registered.dimension
            and slices.dimension_value = registered.dimension_value
    where periods.period_grain in ('day', 'month')
),

measured as (
    {%- for grain, metric in counts.items() %}
        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            active_count as numerator,
            cast(null as decimal(18, 2)) as denominator,
            'customers' as unit,
            is_provisional,
            as_of
        from filled
        where period_grain = '{{ grain }}'

        union all

        select
            'anonymous_{{ metric }}' as metric,
            period_grain,
            period_start,
            'all' as dimension,
            'all' as dimension_value,
            active_count as numerator,
            cast(null as decimal(18, 2)) as denominator,
            'visitors' as unit,
            is_provisional,
            as_of
        from visitors
        where period_grain = '{{ grain }}'

        union all
    {%- endfor %}

    select
        'arpu' as metric,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        net_amount as numerator,
        active_count as denominator,
        'money' as unit,
        is_provisional,
        as_of
    from filled

    {%- for days in [1, 7, 30] %}

        union all

        select
            'active_retention_d{{ days }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            active_count_d{{ days }} as numerator,
            registered_count as denominator,
            'rate' as unit,
            {{ add_days('period_end_on', days) }} > as_of as is_provisional,
            as_of
        from retained
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
    unit,
    is_provisional,
    as_of
from measured
