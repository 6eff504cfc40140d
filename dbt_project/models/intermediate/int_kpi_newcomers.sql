-- One row per metric on newcomers (new_customers, new_buyers, cac, registration_first_order_30d, registration_second_order_30d,
-- new_buyer_repurchase_30d), period, dimension (all, acquisition_channel, rfm_tier) and value.
{%- set counts = ['known_count', 'registered_count', 'first_order_count', 'second_order_count', 'new_buyer_count', 'repurchase_count'] %}
{%- set grains = ['day', 'week', 'month', 'quarter'] %}
{%- set rates = {
    'registration_first_order_30d': ('first_order_count', 'registered_count'),
    'registration_second_order_30d': ('second_order_count', 'registered_count'),
    'new_buyer_repurchase_30d': ('repurchase_count', 'new_buyer_count'),
} %}
with

customers as (
    select
        customers.customer_no,
        customers.registered_on,
        activity.known_on,
        firsts.first_purchased_on,
        coalesce(firsts.registration_order_count_30d, 0) as registration_order_count_30d,
        coalesce(firsts.second_purchased_on <= {{ add_days('firsts.first_purchased_on', 30) }}, false) as has_repurchased,
        coalesce(channels.acquisition_channel, 'unattributed') as acquisition_channel
    from {{ ref('int_customers') }} as customers
    left join {{ ref('int_customer_activity') }} as activity on customers.customer_no = activity.customer_no
    left join {{ ref('int_customer_firsts') }} as firsts on customers.customer_no = firsts.customer_no
    left join {{ ref('int_customer_channels') }} as channels on customers.customer_no = channels.customer_no
),

customer_tiers as (
    select * from {{ ref('int_customer_tiers') }}
),

costs as (
    select * from {{ ref('int_acquisition_costs') }}
),

periods as (
    select * from {{ ref('int_periods') }}
),

history_months as (
    select * from {{ ref('int_history_months') }}
),

slices as (
    select * from {{ ref('int_slices') }}
    where dimension in ('all', 'acquisition_channel', 'rfm_tier')
),

-- each customer on the days that matter: known, registered, first purchase
dated as (
    select
        customer_no,
        known_on as day_on,
        acquisition_channel,
        1 as known_count,
        0 as registered_count,
        0 as first_order_count,
        0 as second_order_count,
        0 as new_buyer_count,
        0 as repurchase_count
    from customers
    where known_on is not null

    union all

    select
        customer_no,
        registered_on as day_on,
        acquisition_channel,
        0 as known_count,
        1 as registered_count,
        case when registration_order_count_30d >= 1 then 1 else 0 end as first_order_count,
        case when registration_order_count_30d >= 2 then 1 else 0 end as second_order_count,
        0 as new_buyer_count,
        0 as repurchase_count
    from customers
    where registered_on is not null

    union all

    select
        customer_no,
        first_purchased_on as day_on,
        acquisition_channel,
        0 as known_count,
        0 as registered_count,
        0 as first_order_count,
        0 as second_order_count,
        1 as new_buyer_count,
        case when has_repurchased then 1 else 0 end as repurchase_count
    from customers
    where first_purchased_on is not null
),

daily as (
    select
        day_on,
        {% for column in counts %}
            cast(sum({{ column }}) as bigint) as {{ column }},
        {% endfor %}
        acquisition_channel
    from dated
    group by day_on, acquisition_channel
),

sliced as (
    select
        'acquisition_channel' as dimension,
        acquisition_channel as dimension_value,
        day_on,
        {{ counts | join(', ') }}
    from daily

    union all

    select
        'all' as dimension,
        'all' as dimension_value,
        day_on,
        {{ counts | join(', ') }}
    from daily
),

tiered as (
    select
        history_months.month_start,
        {% for column in counts %}
            sum(dated.{{ column }}) as {{ column }},
        {% endfor %}
        coalesce(customer_tiers.rfm_tier, 'no_purchase') as rfm_tier
    from dated
    inner join history_months on {{ start_of('month', 'dated.day_on') }} = history_months.month_start
    left join customer_tiers
        on dated.customer_no = customer_tiers.customer_no and history_months.month_start = customer_tiers.month_start
    group by history_months.month_start, coalesce(customer_tiers.rfm_tier, 'no_purchase')
),

counted as (
    {%- for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ start_of(grain, 'day_on') }} as period_start,
            dimension,
            {% for column in counts %}
                sum({{ column }}) as {{ column }},
            {% endfor %}
            dimension_value
        from sliced
        group by {{ start_of(grain, 'day_on') }}, dimension, dimension_value

        union all
    {%- endfor %}

    select
        'month' as period_grain,
        month_start as period_start,
        'rfm_tier' as dimension,
        {{ counts | join(', ') }},
        rfm_tier as dimension_value
    from tiered
),

-- an advertising platform sells nothing itself: whom it won is not known
placed_costs as (
    select
        costs.day_on,
        'acquisition_channel' as dimension,
        coalesce(slices.dimension_value, 'unattributed') as dimension_value,
        costs.cost_amount
    from costs
    left join slices on costs.channel = slices.dimension_value and slices.dimension = 'acquisition_channel'

    union all

    select
        day_on,
        'all' as dimension,
        'all' as dimension_value,
        cost_amount
    from costs
),

first_costs as (
    select min(day_on) as first_spent_on from costs
),

spent as (
    {%- for grain in grains %}
        select
            '{{ grain }}' as period_grain,
            {{ start_of(grain, 'day_on') }} as period_start,
            dimension,
            dimension_value,
            sum(cost_amount) as cost_amount
        from placed_costs
        group by {{ start_of(grain, 'day_on') }}, dimension, dimension_value
        {{- '

        union all
' if not loop.last }}
    {%- endfor %}
),

filled as (
    select
        periods.period_grain,
        periods.period_start,
        slices.dimension,
        slices.dimension_value,
        periods.is_open,
        coalesce(periods.period_end_on >= first_costs.first_spent_on, false) as has_costs,
        {{ add_days('periods.period_end_on', 30) }} > periods.as_of as is_open_for_30d,
        periods.as_of,
        {% for column in counts %}
            coalesce(counted.{{ column }}, 0) as {{ column }},
        {% endfor %}
        coalesce(spent.cost_amount, 0) as cost_amount
    from periods
    cross join slices
    cross join first_costs
    left join history_months on periods.period_start = history_months.month_start and periods.period_grain = 'month'
    left join counted
        on
            periods.period_grain = counted.period_grain
            and periods.period_start = counted.period_start
            and slices.dimension = counted.dimension
            and slices.dimension_value = counted.dimension_value
    left join spent
        on
            periods.period_grain = spent.period_grain
            and periods.period_start = spent.period_start
            and slices.dimension = spent.dimension
            and slices.dimension_value = spent.dimension_value
    -- tiers are those of scored month ends
    where slices.dimension <> 'rfm_tier' or history_months.month_start is not null
),

measured as (
    {%- for metric, numerator in {'new_customers': 'known_count', 'new_buyers': 'new_buyer_count'}.items() %}
        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            {{ numerator }} as numerator,
            cast(null as decimal(18, 2)) as denominator,
            'customers' as unit,
            is_open as is_provisional,
            as_of
        from filled

        union all
    {%- endfor %}

    select
        'cac' as metric,
        period_grain,
        period_start,
        dimension,
        dimension_value,
        cost_amount as numerator,
        new_buyer_count as denominator,
        'money' as unit,
        is_open as is_provisional,
        as_of
    from filled
    -- without a delivered cost there is no figure: nothing spent is not what nobody told
    where has_costs and period_grain in ('month', 'quarter') and dimension <> 'rfm_tier'

    {%- for metric, (numerator, denominator) in rates.items() %}

        union all

        select
            '{{ metric }}' as metric,
            period_grain,
            period_start,
            dimension,
            dimension_value,
            {{ numerator }} as numerator,
            {{ denominator }} as denominator,
            'rate' as unit,
            is_open_for_30d as is_provisional,
            as_of
        from filled
        where period_grain = 'month'
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
