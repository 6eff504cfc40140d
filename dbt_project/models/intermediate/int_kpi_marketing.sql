-- One row per marketing metric, week or month, dimension (all, channel of the campaign) and value; periods without a fact have their row.
with

periods as (
    select * from {{ ref('int_periods') }}
    where period_grain in ('week', 'month')
),

campaigns as (
    select * from {{ ref('int_campaigns') }}
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

daily as (
    select
        days.channel,
        days.day_on,
        sum(days.delivered_count) as delivered_count,
        sum(days.opened_count) as opened_count,
        sum(days.clicked_count) as clicked_count,
        sum(days.converted_count) as converted_count,
        sum(days.issued_count) as issued_count,
        sum(days.issued_redeemed_count) as issued_redeemed_count,
        sum(days.redeemable_count) as redeemable_count,
        sum(days.revenue_amount) as revenue_amount,
        sum(coalesce(days.cost_amount, 0)) as cost_amount,
        -- of the campaigns that have both, so that the one can be set against the other
        sum(case when campaigns.has_return then days.revenue_amount else 0 end) as return_amount,
        sum(case when campaigns.has_return then coalesce(days.cost_amount, 0) else 0 end) as returning_cost_amount
    from {{ ref('int_campaign_days') }} as days
    inner join campaigns on days.campaign_key = campaigns.campaign_key and days.channel = campaigns.channel
    where days.day_on is not null
    group by days.channel, days.day_on
),

slices as (
    select
        'all' as dimension,
        'all' as dimension_value

    union all

    select distinct
        'channel' as dimension,
        channel as dimension_value
    from campaigns
),

started as (
    select
        'week' as period_grain,
        {{ start_of('week', 'day_on') }} as period_start,
        daily.*
    from daily

    union all

    select
        'month' as period_grain,
        {{ start_of('month', 'day_on') }} as period_start,
        daily.*
    from daily
),

{%- set sums = [
    'delivered_count', 'opened_count', 'clicked_count', 'converted_count', 'issued_count', 'issued_redeemed_count', 'redeemable_count',
    'revenue_amount', 'cost_amount', 'return_amount', 'returning_cost_amount',
] %}

totals as (
    select
        periods.period_grain,
        periods.period_start,
        periods.is_open,
        periods.as_of,
        {{ add_days('periods.period_end_on', 'run_context.marketing_attribution_days') }} as attributed_to_on,
        {% for name in sums -%}
            coalesce(sum(started.{{ name }}), 0) as {{ name }},
        {% endfor -%}
        slices.dimension,
        slices.dimension_value
    from periods
    cross join slices
    cross join run_context
    left join started
        on
            periods.period_grain = started.period_grain
            and periods.period_start = started.period_start
            and (slices.dimension = 'all' or slices.dimension_value = started.channel)
    group by
        periods.period_grain,
        periods.period_start,
        periods.period_end_on,
        periods.is_open,
        periods.as_of,
        run_context.marketing_attribution_days,
        slices.dimension,
        slices.dimension_value
),

{%- set metrics = [
    ('open_rate', 'opened_count', 'delivered_count', 'rate', 'attributed_to_on > as_of'),
    ('click_rate', 'clicked_count', 'delivered_count', 'rate', 'attributed_to_on > as_of'),
    ('conversion_rate', 'converted_count', 'delivered_count', 'rate', 'attributed_to_on > as_of'),
    ('coupon_redemption_rate', 'issued_redeemed_count', 'issued_count', 'rate', 'is_open or redeemable_count > 0'),
    ('roas', 'return_amount', 'returning_cost_amount', 'ratio', 'is_open'),
    ('roi_net', 'return_amount - returning_cost_amount', 'returning_cost_amount', 'ratio', 'is_open'),
    ('attributed_revenue', 'revenue_amount', none, 'money', 'is_open'),
    ('marketing_cost', 'cost_amount', none, 'money', 'is_open'),
] %}

measured as (
    {% for metric, numerator, denominator, unit, is_provisional in metrics -%}
        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            cast({{ numerator }} as decimal(18, 2)) as numerator,
            cast({{ denominator or 'null' }} as decimal(18, 2)) as denominator,
            '{{ unit }}' as unit,
            {{ is_provisional }} as is_provisional,
            as_of
        from totals
        {{- '\n\n        union all\n\n    ' if not loop.last }}
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
