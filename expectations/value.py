"""Suites of the value stage: predictions are numbers within their bounds, and say what they rest on."""

from __future__ import annotations

from expectations.suites import Rule, Suite, Unique, one_of
from pipelines.contracts.value_tables import VALUE_BACKTESTS, VALUE_CUSTOMERS, VALUE_MODELS

_BASES = ("model", "baseline", "too_little_data", "no_purchase", "opted_out")

VALUE_SUITES: tuple[Suite, ...] = (
    Suite(
        VALUE_CUSTOMERS,
        values=one_of("purchase_basis", *_BASES) | one_of("value_basis", *_BASES),
        rules=(
            Rule(
                "purchases_are_predicted_on_a_basis",
                "(purchase_basis in ('model', 'baseline')) = (predicted_purchases_90d is not null)"
                " and (purchase_basis = 'model') = (probability_alive is not null)",
            ),
            Rule(
                "money_is_predicted_on_a_basis",
                "(value_basis in ('model', 'baseline')) = (ltv_predicted_12m is not null)"
                " and (value_basis = 'model') = (predicted_purchase_amount is not null)",
            ),
            Rule("who_opted_out_is_not_predicted", "(purchase_basis = 'opted_out') = (value_basis = 'opted_out')"),
            Rule(
                "probabilities_of_buying_are_between_0_and_1",
                "probability_alive between 0 and 1 and purchase_probability_30d between 0 and purchase_probability_90d"
                " and purchase_probability_90d <= 1",
            ),
            # no comparison with a bound lets NaN or infinity through: DuckDB holds both for larger than any number
            Rule(
                "longer_windows_expect_no_less",
                "predicted_purchases_30d between 0 and predicted_purchases_90d and predicted_purchases_90d <= predicted_purchases_365d"
                " and predicted_purchases_365d <= 365",
            ),
            Rule("money_expected_is_not_negative", "predicted_net_amount_30d >= 0 and ltv_predicted_12m >= 0"),
            Rule("intervals_are_in_order", "ltv_predicted_low_12m between 0 and ltv_predicted_high_12m"),
        ),
    ),
    Suite(
        VALUE_MODELS,
        rules=(
            Rule("models_say_why", "trim(reason) <> ''"),
            Rule("data_windows_are_in_order", "data_from_on <= data_until_on and data_until_on <= as_of"),
            Rule("fits_count_their_customers", "customer_count >= 0"),
        ),
        unique=(Unique(("as_of", "target"), "is_used"),),
    ),
    Suite(
        VALUE_BACKTESTS,
        rules=(
            Rule("horizons_have_ended", "horizon_days > 0 and cutoff_on + cast(horizon_days as integer) <= as_of"),
            Rule("buckets_count_their_customers", "customer_count >= 0"),
            Rule("figures_are_numbers", "isfinite(coalesce(expected, 0)) and isfinite(coalesce(actual, 0))"),
        ),
    ),
)
