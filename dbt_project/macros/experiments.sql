{#
  Arms of a test compared in SQL: Welch's test on counts, sums and sums of squares. Plain text macros, so that they run on any table.

  Student's t is brought to a normal deviate (Wallace 1959) and its quantile back from one (Cornish-Fisher): from 29 degrees of freedom on
  the p-value is off by less than 0.00003 and the interval by less than 0.000003 of a standard error.
#}

{# Probability that a standard normal value is above `z`, which is not negative. Hart's rational approximation, 1e-15. #}
{% macro upper_tail(z) -%}
    case
        when {{ z }} > 37 then 0.0
        when {{ z }} < 7.07106781186547 then
            exp(-{{ z }} * {{ z }} / 2)
            * ((((((3.52624965998911e-2 * {{ z }} + 0.700383064443688) * {{ z }} + 6.37396220353165) * {{ z }} + 33.912866078383)
            * {{ z }} + 112.079291497871) * {{ z }} + 221.213596169931) * {{ z }} + 220.206867912376)
            / (((((((8.83883476483184e-2 * {{ z }} + 1.75566716318264) * {{ z }} + 16.064177579207) * {{ z }} + 86.7807322029461)
            * {{ z }} + 296.564248779674) * {{ z }} + 637.333633378831) * {{ z }} + 793.826512519948) * {{ z }} + 440.413735824752)
        else
            exp(-{{ z }} * {{ z }} / 2)
            / ({{ z }} + 1 / ({{ z }} + 2 / ({{ z }} + 3 / ({{ z }} + 4 / ({{ z }} + 0.65))))) / 2.506628274631
    end
{%- endmacro %}

{# The normal deviate that is as rare as `t` of a Student distribution with `df` degrees of freedom; `t` is not negative. #}
{% macro normal_deviate(t, df) -%}
    (8 * {{ df }} + 1) / (8 * {{ df }} + 3) * sqrt({{ df }} * ln(1 + {{ t }} * {{ t }} / {{ df }}))
{%- endmacro %}

{# The value that Student's t with `df` degrees of freedom exceeds as rarely as a normal value exceeds `z`. #}
{% macro student_quantile(z, df) -%}
    (
        {{ z }}
        + (power({{ z }}, 3) + {{ z }}) / (4 * {{ df }})
        + (5 * power({{ z }}, 5) + 16 * power({{ z }}, 3) + 3 * {{ z }}) / (96 * power({{ df }}, 2))
        + (3 * power({{ z }}, 7) + 19 * power({{ z }}, 5) + 17 * power({{ z }}, 3) - 15 * {{ z }}) / (384 * power({{ df }}, 3))
    )
{%- endmacro %}

{#
  Every two arms of each test and metric: one row per test, metric, arm and the arm it is held against, `held_out` where there is one in
  the pair, else the first by name.

  `moments` has test, metric, arm, customer_count, total, total_squares: a row an arm, sums over its customers. `settings` has one row:
  marketing_readout_from_customers, marketing_confidence, marketing_confidence_z, marketing_power_z. An arm with fewer customers than
  asked for has no interval and no p-value. Without any variance in both arms a difference is certain.
#}
{% macro compared_arms(moments, settings) %}
    with arms as (
        select
            test,
            metric,
            arm,
            customer_count,
            total / customer_count as mean,
            greatest(total_squares - total * total / customer_count, 0.0)
            / nullif(customer_count - 1, 0) / customer_count as variance_of_mean
        from {{ moments }}
        where customer_count > 0
    ),

    paired as (
        select
            arms.test,
            arms.metric,
            arms.arm,
            others.arm as against_arm,
            arms.customer_count,
            others.customer_count as against_customer_count,
            arms.mean,
            others.mean as against_mean,
            sqrt(arms.variance_of_mean * arms.customer_count) as standard_deviation,
            sqrt(others.variance_of_mean * others.customer_count) as against_standard_deviation,
            arms.mean - others.mean as difference,
            least(arms.customer_count, others.customer_count) >= settings.marketing_readout_from_customers as is_judged,
            sqrt(arms.variance_of_mean + others.variance_of_mean) as standard_error,
            power(arms.variance_of_mean + others.variance_of_mean, 2)
            / nullif(
                power(arms.variance_of_mean, 2) / (arms.customer_count - 1)
                + power(others.variance_of_mean, 2) / (others.customer_count - 1),
                0.0
            ) as df,
            settings.marketing_confidence,
            settings.marketing_confidence_z,
            settings.marketing_power_z
        from arms
        cross join {{ settings }} as settings
        inner join arms as others
            on
                arms.test = others.test
                and arms.metric = others.metric
                and arms.arm <> 'held_out'
                and (others.arm = 'held_out' or arms.arm > others.arm)
    ),

    scaled as (
        select
            paired.*,
            case when is_judged and standard_error > 0 then abs(difference) / standard_error end as t,
            case
                when is_judged and standard_error > 0 then standard_error * {{ student_quantile('marketing_confidence_z', 'df') }}
                when is_judged then 0.0
            end as half_width
        from paired
    ),

    deviating as (
        select
            scaled.*,
            {{ normal_deviate('t', 'df') }} as z
        from scaled
    ),

    judged as (
        select
            deviating.*,
            case
                when not is_judged then null
                when t is null and difference = 0 then 1.0
                when t is null then 0.0
                else 2 * ({{ upper_tail('z') }})
            end as p_value
        from deviating
    )

    select
        test,
        metric,
        arm,
        against_arm,
        customer_count,
        against_customer_count,
        mean,
        against_mean,
        standard_deviation,
        against_standard_deviation,
        difference,
        difference - half_width as difference_low,
        difference + half_width as difference_high,
        marketing_confidence as confidence,
        p_value,
        case when is_judged then (marketing_confidence_z + marketing_power_z) * standard_error end as smallest_detectable_difference,
        case
            when p_value is null then 'too few customers'
            when p_value >= 1 - marketing_confidence then 'no difference shown'
            when difference > 0 then arm
            else against_arm
        end as winner
    from judged
{% endmacro %}
