-- One row per customer: who they are, what they bought and did, and how they may be reached, as of the day of the run.
--
-- What has the customer's id alone is restricted to the slice before it is joined; numbers carry the slice through the joins.
{{ config(materialized='sliced', meta={'sliced_by': 'int_customer_activity'}) }}

with

sliced as (
    select customer_id from {{ ref('int_customer_activity') }}
    where {{ in_slice('customer_no') }}
),

customers as (
    select customers.*
    from {{ ref('dim_customers') }} as customers
    semi join sliced on customers.customer_id = sliced.customer_id
),

activity as (
    select * from {{ ref('int_customer_activity') }}
),

totals as (
    select * from {{ ref('int_customer_totals') }}
),

margins as (
    select * from {{ ref('int_customer_margins') }}
),

channels as (
    select * from {{ ref('int_customer_channels') }}
),

home_stores as (
    select * from {{ ref('int_customer_home_stores') }}
),

consents as (
    select consents.*
    from {{ ref('int_customer_consents') }} as consents
    semi join sliced on consents.customer_id = sliced.customer_id
),

rfm_monthly as (
    select rfm_monthly.*
    from {{ ref('customer_rfm') }} as rfm_monthly
    semi join sliced on rfm_monthly.customer_id = sliced.customer_id
    where rfm_monthly.preset = 'monthly'
),

rfm_annual as (
    select rfm_annual.*
    from {{ ref('customer_rfm') }} as rfm_annual
    semi join sliced on rfm_annual.customer_id = sliced.customer_id
    where rfm_annual.preset = 'annual'
),

lifecycles as (
    select lifecycles.*
    from {{ ref('customer_lifecycle') }} as lifecycles
    semi join sliced on lifecycles.customer_id = sliced.customer_id
),

ages as (
    select * from {{ ref('int_customer_ages') }}
),

life_stages as (
    select * from {{ ref('int_customer_life_stages') }}
),

browsing as (
    select * from {{ ref('int_customer_browsing') }}
),

habits as (
    select * from {{ ref('int_customer_habits') }}
),

tastes as (
    select * from {{ ref('int_customer_tastes') }}
),

reactions as (
    select * from {{ ref('int_customer_reactions') }}
),

messages as (
    select * from {{ ref('int_customer_messages') }}
),

coupons as (
    select * from {{ ref('int_customer_coupons') }}
),

service as (
    select * from {{ ref('int_customer_service') }}
),

levels as (
    select levels.*
    from {{ ref('customer_levels') }} as levels
    semi join sliced on levels.customer_id = sliced.customer_id
),

points as (
    select points.*
    from {{ ref('customer_points') }} as points
    semi join sliced on points.customer_id = sliced.customer_id
),

replenishments as (
    select replenishments.*
    from {{ source('lake', 'value_replenishments') }} as replenishments
    semi join sliced on replenishments.customer_id = sliced.customer_id
    where replenishments.due_rank = 1
),

seasonal_needs as (
    select seasonal_needs.*
    from {{ source('lake', 'value_seasonal_needs') }} as seasonal_needs
    semi join sliced on seasonal_needs.customer_id = sliced.customer_id
    where seasonal_needs.listed_rank = 1
),

next_categories as (
    select next_categories.*
    from {{ source('lake', 'value_next_categories') }} as next_categories
    semi join sliced on next_categories.customer_id = sliced.customer_id
    where next_categories.candidate_rank = 1
),

predictions as (
    select predictions.*
    from {{ source('lake', 'value_customers') }} as predictions
    semi join sliced on predictions.customer_id = sliced.customer_id
),

occasions as (
    select * from {{ ref('int_customer_occasions') }}
),

loyalty_ahead as (
    select * from {{ ref('int_customer_loyalty_ahead') }}
),

prospects as (
    select * from {{ ref('int_customer_prospects') }}
),

churn as (
    select churn.*
    from {{ source('lake', 'value_propensities') }} as churn
    semi join sliced on churn.customer_id = sliced.customer_id
    where churn.target = 'churn_90d'
),

repurchase as (
    select repurchase.*
    from {{ source('lake', 'value_propensities') }} as repurchase
    semi join sliced on repurchase.customer_id = sliced.customer_id
    where repurchase.target = 'repurchase_30d'
),

clusters as (
    select clusters.*
    from {{ source('lake', 'value_customer_clusters') }} as clusters
    semi join sliced on clusters.customer_id = sliced.customer_id
),

run_context as (
    select * from {{ source('lake', 'run_context') }}
)

select
    customers.customer_id,
    run_context.as_of,
    customers.full_name_masked,
    customers.phone_masked,
    customers.email_masked,
    customers.gender,
    tastes.gender_inferred,
    tastes.gender_inferred_confidence,
    ages.age_group,
    life_stages.life_stage,
    customers.birth_month_number,
    coalesce(occasions.has_birthday_soon, false) as has_birthday_soon,
    customers.country,
    customers.province,
    customers.city,
    customers.is_registered,
    customers.registered_at,
    customers.registered_on,
    {{ days_between('customers.registered_on', 'run_context.as_of') }} as days_since_registration,
    coalesce(
        {{ days_between('customers.registered_on', 'run_context.as_of') }} <= run_context.lifecycle_new_within_days,
        false
    ) as is_new_customer,
    customers.registration_channel,
    customers.member_level,
    levels.level as member_level_computed,
    coalesce(loyalty_ahead.is_level_about_to_drop, false) as is_level_about_to_drop,
    points.points_balance,
    loyalty_ahead.points_expiring,
    points.points_difference,
    customers.source_record_count,
    customers.channel_count,
    activity.known_on,
    run_context.reporting_currency as currency_code,
    totals.first_purchased_at,
    totals.first_purchased_on,
    totals.last_purchased_at,
    totals.last_purchased_on,
    {{ days_between('totals.last_purchased_on', 'run_context.as_of') }} as recency_days,
    coalesce(totals.order_count_total, 0) as order_count_total,
    coalesce(totals.order_count_30d, 0) as order_count_30d,
    coalesce(totals.order_count_90d, 0) as order_count_90d,
    coalesce(totals.order_count_365d, 0) as order_count_365d,
    cast(coalesce(totals.net_amount_total, 0) as decimal(18, 2)) as net_amount_total,
    margins.gross_margin_total,
    margins.net_amount_costed_total,
    cast(coalesce(totals.net_amount_30d, 0) as decimal(18, 2)) as net_amount_30d,
    cast(coalesce(totals.net_amount_90d, 0) as decimal(18, 2)) as net_amount_90d,
    cast(coalesce(totals.net_amount_365d, 0) as decimal(18, 2)) as net_amount_365d,
    cast(totals.net_amount_total / nullif(totals.order_count_total, 0) as decimal(18, 2)) as average_order_amount_total,
    channels.acquisition_channel,
    channels.preferred_channel,
    channels.purchase_channels,
    coalesce(channels.purchase_channel_count, 0) as purchase_channel_count,
    home_stores.home_store_key,
    home_stores.home_region,
    habits.channel_preference,
    coalesce(habits.is_weekend_buyer, false) as is_weekend_buyer,
    coalesce(habits.is_night_buyer, false) as is_night_buyer,
    habits.promotion_sensitivity,
    cast(habits.discounted_share as double) as discounted_purchase_rate,
    tastes.category_preference,
    tastes.brand_preference,
    tastes.price_band,
    next_categories.category as next_best_category,
    replenishments.category as replenishment_category,
    replenishments.due_on as replenishment_due_on,
    {{ days_between('run_context.as_of', 'replenishments.due_on') }} as replenishment_due_in_days,
    seasonal_needs.category as seasonal_need,
    seasonal_needs.season_from_on as seasonal_need_from_on,
    rfm_monthly.recency_score as recency_score_monthly,
    rfm_monthly.frequency_score as frequency_score_monthly,
    rfm_monthly.monetary_score as monetary_score_monthly,
    rfm_monthly.rfm_total as rfm_total_monthly,
    rfm_monthly.rfm_tier as rfm_tier_monthly,
    rfm_annual.recency_score as recency_score_annual,
    rfm_annual.frequency_score as frequency_score_annual,
    rfm_annual.monetary_score as monetary_score_annual,
    rfm_annual.rfm_total as rfm_total_annual,
    rfm_annual.rfm_tier as rfm_tier_annual,
    rfm_annual.rfm_class,
    rfm_annual.rfm_class_zh,
    predictions.purchase_basis,
    predictions.value_basis,
    predictions.probability_alive,
    predictions.predicted_purchases_30d,
    predictions.predicted_purchases_90d,
    predictions.predicted_purchases_365d,
    predictions.predicted_net_amount_30d,
    predictions.predicted_net_amount_90d,
    predictions.predicted_net_amount_365d,
    predictions.ltv_predicted_12m,
    predictions.ltv_predicted_low_12m,
    predictions.ltv_predicted_high_12m,
    churn.probability as churn_probability_90d,
    churn.basis as churn_probability_basis,
    prospects.churn_risk,
    repurchase.probability as repurchase_probability_30d,
    repurchase.basis as repurchase_probability_basis,
    prospects.repurchase_likelihood,
    coalesce(prospects.has_high_value_potential, false) as has_high_value_potential,
    clusters.label as cluster_label,
    lifecycles.lifecycle_stage,
    activity.last_active_at,
    activity.last_active_on,
    lifecycles.days_since_last_activity,
    activity.last_event_at,
    activity.product_view_count_7d,
    activity.product_view_count_30d,
    browsing.browsed_categories_30d,
    coalesce(browsing.dwell_seconds_30d, 0) as dwell_seconds_30d,
    coalesce(browsing.favorite_count_365d, 0) as favorite_count_365d,
    coalesce(browsing.cart_add_count_30d, 0) as cart_add_count_30d,
    browsing.cart_categories_30d,
    activity.last_cart_at,
    activity.has_open_cart,
    activity.open_cart_hours,
    coalesce(occasions.has_ordered_after_day, false) as has_ordered_after_day,
    activity.last_interaction_at,
    messages.last_sent_at,
    coalesce(messages.send_count_30d, 0) as send_count_30d,
    coalesce(messages.opened_send_count_30d, 0) as opened_send_count_30d,
    coalesce(messages.clicked_send_count_30d, 0) as clicked_send_count_30d,
    messages.last_opened_at,
    messages.last_clicked_at,
    reactions.preferred_contact,
    reactions.send_time_preference,
    coalesce(coupons.open_coupon_count, 0) as open_coupon_count,
    coupons.next_coupon_expires_at,
    coalesce(coupons.redeemed_coupon_count, 0) as redeemed_coupon_count,
    coalesce(service.open_ticket_count, 0) as open_ticket_count,
    coalesce(service.ticket_count_365d, 0) as ticket_count_365d,
    coalesce(service.complaint_count_365d, 0) as complaint_count_365d,
    service.last_ticket_at,
    {{ days_between('service.unrated_case_solved_on', 'run_context.as_of') }} as days_since_unrated_case,
    service.last_satisfaction_score,
    {{ days_between('service.last_satisfaction_on', 'run_context.as_of') }} as days_since_last_satisfaction,
    service.last_review_score,
    service.last_nps_score,
    {{ days_between('occasions.wrong_size_returned_on', 'run_context.as_of') }} as days_since_wrong_size_return,
    customers.has_phone,
    customers.has_email,
    consents.sms_status as sms_consent,
    consents.call_status as call_consent,
    consents.email_status as email_consent,
    consents.wechat_status as wechat_consent,
    consents.personalization_status as personalization_consent,
    customers.has_phone and coalesce(consents.sms_status = 'granted', false) as can_sms,
    customers.has_phone and coalesce(consents.call_status = 'granted', false) as can_call,
    customers.has_email and coalesce(consents.email_status = 'granted', false) as can_email,
    coalesce(consents.wechat_status = 'granted', false) as can_wechat
from customers
cross join run_context
inner join activity on customers.customer_id = activity.customer_id
inner join lifecycles on customers.customer_id = lifecycles.customer_id
inner join rfm_monthly on customers.customer_id = rfm_monthly.customer_id
inner join rfm_annual on customers.customer_id = rfm_annual.customer_id
left join totals on activity.customer_no = totals.customer_no
left join margins on activity.customer_no = margins.customer_no
left join channels on activity.customer_no = channels.customer_no
left join home_stores on activity.customer_no = home_stores.customer_no
left join ages on activity.customer_no = ages.customer_no
left join life_stages on activity.customer_no = life_stages.customer_no
left join browsing on activity.customer_no = browsing.customer_no
left join habits on activity.customer_no = habits.customer_no
left join tastes on activity.customer_no = tastes.customer_no
left join reactions on activity.customer_no = reactions.customer_no
left join messages on activity.customer_no = messages.customer_no
left join coupons on activity.customer_no = coupons.customer_no
left join service on activity.customer_no = service.customer_no
left join occasions on activity.customer_no = occasions.customer_no
left join loyalty_ahead on activity.customer_no = loyalty_ahead.customer_no
left join prospects on activity.customer_no = prospects.customer_no
left join consents on customers.customer_id = consents.customer_id
left join levels on customers.customer_id = levels.customer_id
left join points on customers.customer_id = points.customer_id
left join replenishments on customers.customer_id = replenishments.customer_id
left join seasonal_needs on customers.customer_id = seasonal_needs.customer_id
left join next_categories on customers.customer_id = next_categories.customer_id
left join predictions on customers.customer_id = predictions.customer_id
left join churn on customers.customer_id = churn.customer_id
left join repurchase on customers.customer_id = repurchase.customer_id
left join clusters on customers.customer_id = clusters.customer_id
where {{ in_slice('activity.customer_no') }}
