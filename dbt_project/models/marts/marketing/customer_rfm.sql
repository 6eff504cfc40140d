-- One row per customer and preset: RFM as of the day of the run.
with

customers as (
    select * from {{ ref('int_customers') }}
),

buyers as (
    select * from {{ ref('int_customer_totals') }}
    where first_purchased_on is not null
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
),

presets as (
    select scales.*
    from {{ ref('int_rfm_scales') }} as scales
    inner join run_context on scales.scored_on = run_context.as_of
),

measured as (
    select
        customers.customer_id,
        presets.*,
        run_context.as_of,
        run_context.rfm_high_value_from_total,
        run_context.rfm_potential_from_total,
        buyers.last_purchased_on,
        {{ days_between('buyers.last_purchased_on', 'run_context.as_of') }} as recency_days,
        case presets.preset when 'monthly' then buyers.order_count_monthly else buyers.order_count_annual end as frequency,
        case presets.preset when 'monthly' then buyers.net_amount_monthly else buyers.net_amount_annual end as monetary_amount,
        {{ days_between('buyers.last_purchased_on', 'run_context.as_of') }} <= run_context.rfm_class_recent_within_days as is_recent,
        buyers.order_count_class >= run_context.rfm_class_frequent_from as is_frequent,
        buyers.net_amount_class >= run_context.rfm_class_high_spend_from as is_high_spend
    from customers
    cross join presets
    cross join run_context
    left join buyers on customers.customer_no = buyers.customer_no
),

scored as (
    select
        measured.*,
        {{ recency_score('recency_days') }} as recency_score,
        {{ volume_score('frequency', 'frequency') }} as frequency_score,
        {{ volume_score('monetary_amount', 'monetary') }} as monetary_score
    from measured
),

totaled as (
    select
        scored.*,
        recency_score + frequency_score + monetary_score as rfm_total
    from scored
),

classed as (
    select
        totaled.*,
        {{ rfm_tier('rfm_total') }} as rfm_tier,
        case
            when recency_days is null then 'no_purchase'
            when is_recent and is_frequent and is_high_spend then 'core_value'
            when is_recent and is_frequent then 'active_potential'
            when is_recent and is_high_spend then 'high_spend_developing'
            when is_recent then 'recent_developing'
            when is_frequent and is_high_spend then 'sleeping_high_value'
            when is_frequent then 'fading_regular'
            when is_high_spend then 'win_back_high_spend'
            else 'lapsed'
        end as rfm_class
    from totaled
)

select
    customer_id,
    preset,
    as_of,
    last_purchased_on,
    recency_days,
    coalesce(frequency, 0) as frequency,
    cast(coalesce(monetary_amount, 0) as decimal(18, 2)) as monetary_amount,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_total,
    rfm_tier,
    rfm_class,
    case rfm_class
        when 'core_value' then '核心价值用户'
        when 'active_potential' then '活跃潜力用户'
        when 'high_spend_developing' then '重要发展用户'
        when 'recent_developing' then '一般发展用户'
        when 'sleeping_high_value' then '沉睡高价值用户'
        when 'fading_regular' then '一般保持用户'
        when 'win_back_high_spend' then '重要挽留用户'
        when 'lapsed' then '流失用户'
        else '未购买用户'
    end as rfm_class_zh
from classed
