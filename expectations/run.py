"""Suites of the tables that a run writes about itself."""

from __future__ import annotations

from expectations.suites import Rule, Suite, one_of
from pipelines.contracts.organization import ORGANIZATION
from pipelines.contracts.run import CURRENCY_RATES, RFM_BANDS, RUN_CONTEXT

_CODE = "length({0}) = 3 and {0} = upper({0})"

RUN_SUITES: tuple[Suite, ...] = (
    Suite(
        RUN_CONTEXT,
        rules=(
            Rule("the_day_ends_within_a_day_and_a_half_of_its_date", "abs(epoch(as_of_end_at) - epoch(as_of) - 86400) <= 14 * 3600"),
            Rule("the_grace_begins_after_the_day", "exported_before_at >= as_of_end_at"),
            Rule("tiers_are_ordered", "rfm_potential_from_total < rfm_high_value_from_total"),
            Rule("declining_comes_before_churned", "lifecycle_declining_after_days < lifecycle_churned_after_days"),
            Rule("windows_are_positive", "least(rfm_class_window_days, rfm_history_months, lifecycle_mature_window_days) > 0"),
            Rule("reporting_currency_is_a_code", _CODE.format("reporting_currency")),
        ),
        row_count=1,
    ),
    Suite(
        RFM_BANDS,
        values=one_of("preset", "monthly", "annual") | one_of("axis", "recency", "frequency", "monetary"),
        rules=(
            Rule("scores_are_1_to_5", "score between 1 and 5"),
            Rule("windows_are_positive", "window_days > 0"),
            Rule("days_and_purchases_are_not_negative", "axis = 'monetary' or from_value >= 0"),
        ),
        row_count=30,
    ),
    Suite(
        CURRENCY_RATES,
        rules=(
            Rule("rates_are_positive", "rate > 0"),
            Rule("a_currency_is_worth_itself", "currency_code <> reporting_currency_code or rate = 1"),
            Rule("currency_is_a_code", _CODE.format("currency_code")),
            Rule("reporting_currency_is_a_code", _CODE.format("reporting_currency_code")),
        ),
    ),
    Suite(
        ORGANIZATION,
        values=one_of("kind", "head_office", "region", "store"),
        rules=(
            Rule("only_a_head_office_has_no_parent", "(kind = 'head_office') = (parent_unit is null)"),
            Rule("stores_are_named_by_their_key", "kind <> 'store' or regexp_matches(unit, '^[^:]+:.+$')"),
            Rule("paths_end_in_the_unit", "ends_with(unit_path, unit)"),
        ),
    ),
)
