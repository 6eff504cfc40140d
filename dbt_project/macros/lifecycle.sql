{#
  The stage of a customer on a day: the first rule that holds decides; who was never active has been inactive for longer than any threshold.
  Reads `registered_on` and `first_purchased_on` (null while they lie ahead), `days_since_first_purchase`, `days_since_last_activity`,
  `order_count_mature` and the thresholds of `run_context`.
#}
{% macro lifecycle_stage() -%}
    case
        when registered_on is not null and first_purchased_on is null then 'prospect'
        when days_since_first_purchase <= lifecycle_new_within_days then 'new'
        when days_since_last_activity is null or days_since_last_activity > lifecycle_churned_after_days then 'churned'
        when days_since_last_activity > lifecycle_declining_after_days then 'declining'
        when order_count_mature >= lifecycle_mature_from_purchases then 'mature'
        else 'growing'
    end
{%- endmacro %}
