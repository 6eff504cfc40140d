"""Suites of the learned probabilities and groups: numbers within their bounds, that say what they rest on."""

from __future__ import annotations

from expectations.suites import Rule, Suite, one_of
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS, VALUE_CUSTOMER_CLUSTERS, VALUE_PROPENSITIES

_LABELS = one_of("label", "high_value_loyal", "churn_risk", "growth_potential", "ordinary")

PROPENSITY_SUITES: tuple[Suite, ...] = (
    Suite(
        VALUE_PROPENSITIES,
        values=one_of("target", "churn_90d", "repurchase_30d") | one_of("basis", "model", "baseline", "too_little_data", "opted_out"),
        rules=(
            # no comparison with a bound lets NaN through: DuckDB holds it for larger than any number
            Rule("propensities_are_between_0_and_1", "probability > 0 and probability < 1"),
            Rule("propensities_have_a_basis", "(basis in ('model', 'baseline')) = (probability is not null)"),
            Rule("propensities_name_their_model", "(model_name is not null) = (probability is not null)"),
        ),
    ),
    Suite(
        VALUE_CLUSTERS,
        values=_LABELS,
        rules=(
            Rule("groups_are_numbered_from_1", "cluster >= 1"),
            Rule("groups_have_customers", "customer_count >= 1 and customer_rate > 0 and customer_rate <= 1"),
            Rule("groups_are_described", "trim(description) <> ''"),
        ),
    ),
    Suite(VALUE_CUSTOMER_CLUSTERS, values=_LABELS, rules=(Rule("customers_are_in_a_numbered_group", "cluster >= 1"),)),
)
