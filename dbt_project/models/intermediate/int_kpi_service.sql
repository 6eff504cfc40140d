-- One row per metric on service, period (week, month, quarter), dimension (all, channel, store, region) and value.
--
-- Periods without a fact have their row under `all` only. A case belongs to the day on which it was opened, so that every metric speaks of
-- the same cases; its figures are provisional while one of them is open. Complaints are set against purchases, so theirs are the channel,
-- store and region of the order concerned; without an order they are unattributed.
{%- set dimensions = {'all': "'all'", 'channel': 'channel', 'store': 'store', 'region': 'region'} %}
{%- set grains = ['week', 'month', 'quarter'] %}
{%- set rates = ['csat', 'nps', 'positive_review_share', 'complaint_rate', 'first_response_within_target_rate'] %}
{%- set durations = {
    'first_response_seconds_median': ('first_response_seconds', 'median(first_response_seconds)'),
    'first_response_seconds_p90': ('first_response_seconds', percentile('first_response_seconds', 0.9)),
    'resolution_seconds_median': ('resolution_seconds', 'median(resolution_seconds)'),
    'resolution_seconds_p90': ('resolution_seconds', percentile('resolution_seconds', 0.9))
} %}
with

cases as (
    select * from {{ ref('int_service_cases') }}
),

orders as (
    select * from {{ ref('fct_orders') }}
),

reviews as (
    select * from {{ ref('fct_reviews') }}
),

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain in ('{{ grains | join("', '") }}')
),

answers as (
    select
        reviews.reviewed_on,
        reviews.channel,
        coalesce(orders.store_key, 'unattributed') as store,
        coalesce(orders.region, 'unattributed') as region,
        reviews.review_type,
        reviews.sentiment
    from reviews
    left join orders on reviews.order_key = orders.order_key
    where reviews.sentiment is not null
),

daily as (
    select
        'csat' as metric,
        created_on as day_on,
        channel,
        store,
        region,
        count(case when is_satisfied then 1 end) as numerator,
        count(satisfaction_score) as denominator,
        count(case when is_open and satisfaction_score is null then 1 end) as open_count
    from cases
    group by created_on, channel, store, region

    union all

    select
        'first_response_within_target_rate' as metric,
        created_on as day_on,
        channel,
        store,
        region,
        count(case when was_answered_in_time then 1 end) as numerator,
        count(first_response_seconds) as denominator,
        count(case when is_open and first_response_seconds is null then 1 end) as open_count
    from cases
    group by created_on, channel, store, region

    union all

    select
        'complaint_rate' as metric,
        created_on as day_on,
        order_channel as channel,
        store,
        region,
        count(*) as numerator,
        0 as denominator,
        0 as open_count
    from cases
    where ticket_type = 'complaint'
    group by created_on, order_channel, store, region

    union all

    select
        'complaint_rate' as metric,
        purchased_on as day_on,
        channel,
        coalesce(store_key, 'unattributed') as store,
        coalesce(region, 'unattributed') as region,
        0 as numerator,
        count(*) as denominator,
        0 as open_count
    from orders
    where is_purchase
    group by purchased_on, channel, store_key, region

    union all

    select
        'nps' as metric,
        reviewed_on as day_on,
        channel,
        store,
        region,
        count(case when sentiment = 'promoter' then 1 end) - count(case when sentiment = 'detractor' then 1 end) as numerator,
        count(*) as denominator,
        0 as open_count
    from answers
    where review_type = 'nps'
    group by reviewed_on, channel, store, region

    union all

    select
        'positive_review_share' as metric,
        reviewed_on as day_on,
        channel,
        store,
        region,
        count(case when sentiment = 'positive' then 1 end) as numerator,
        count(*) as denominator,
        0 as open_count
    from answers
    where review_type in ('product', 'service')
    group by reviewed_on, channel, store, region
),

sliced as (
    {%- for dimension, value in dimensions.items() %}
        select
            metric,
            day_on,
            '{{ dimension }}' as dimension,
            {{ value }} as dimension_value,
            sum(numerator) as numerator,
            sum(denominator) as denominator,
            sum(open_count) as open_count
        from daily
        group by metric, day_on{{ ', ' ~ value if dimension != 'all' }}
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

rated as (
    {%- for grain in grains %}
        select
            metric,
            '{{ grain }}' as period_grain,
            {{ start_of(grain, 'day_on') }} as period_start,
            dimension,
            dimension_value,
            sum(numerator) as numerator,
            sum(denominator) as denominator,
            sum(open_count) as open_count
        from sliced
        group by metric, {{ start_of(grain, 'day_on') }}, dimension, dimension_value
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

lasting as (
    {%- for grain in grains %}
        {%- set is_last_grain = loop.last %}
        {%- for dimension, value in dimensions.items() %}
            select
                '{{ grain }}' as period_grain,
                {{ start_of(grain, 'created_on') }} as period_start,
                '{{ dimension }}' as dimension,
                {{ value }} as dimension_value,
                {%- for metric, (column, measure) in durations.items() %}
                    {{ measure }} as {{ metric }},
                {%- endfor %}
                count(case when is_open and first_response_seconds is null then 1 end) as first_response_seconds_open_count,
                count(case when is_open and resolution_seconds is null then 1 end) as resolution_seconds_open_count
            from cases
            group by {{ start_of(grain, 'created_on') }}{{ ', ' ~ value if dimension != 'all' }}
            {{ 'union all' if not (loop.last and is_last_grain) }}
        {%- endfor %}
    {%- endfor %}
),

figures as (
    select
        metric,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        cast(numerator as decimal(18, 2)) as numerator,
        cast(denominator as decimal(18, 2)) as denominator,
        open_count
    from rated

    {%- for metric, (column, measure) in durations.items() %}

        union all

        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            cast({{ metric }} as decimal(18, 2)) as numerator,
            cast(null as decimal(18, 2)) as denominator,
            {{ column }}_open_count as open_count
        from lasting
    {%- endfor %}
),

metrics as (
    {%- for metric in rates %}
        select
            '{{ metric }}' as metric,
            'rate' as unit,
            cast(0 as decimal(18, 2)) as nothing
        union all
    {%- endfor %}
    {%- for metric in durations %}
        select
            '{{ metric }}' as metric,
            'seconds' as unit,
            cast(null as decimal(18, 2)) as nothing
        {{ 'union all' if not loop.last }}
    {%- endfor %}
),

-- every period has a row for all; the values of the other dimensions are those that occur in it
slots as (
    select
        metrics.metric,
        periods.period_grain,
        periods.period_start,
        'all' as dimension,
        'all' as dimension_value
    from metrics
    cross join periods

    union all

    select
        metric,
        period_grain,
        period_start,
        dimension,
        dimension_value
    from figures
    where dimension <> 'all'
)

select
    slots.metric,
    slots.period_grain,
    slots.period_start,
    slots.dimension,
    slots.dimension_value,
    coalesce(figures.numerator, metrics.nothing) as numerator,
    coalesce(figures.denominator, metrics.nothing) as denominator,
    metrics.unit,
    periods.is_open or coalesce(figures.open_count, 0) > 0 as is_provisional,
    periods.as_of
from slots
inner join metrics on slots.metric = metrics.metric
inner join periods on slots.period_grain = periods.period_grain and slots.period_start = periods.period_start
left join figures
    on
        slots.metric = figures.metric
        and slots.period_grain = figures.period_grain
        and slots.period_start = figures.period_start
        and slots.dimension = figures.dimension
        and slots.dimension_value = figures.dimension_value
