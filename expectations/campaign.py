"""Suites of the campaigns stage: plans that can be set against what came of them."""

from __future__ import annotations

from expectations.suites import Rule, Suite
from pipelines.contracts.campaign_tables import CAMPAIGN_REGISTRY, CAMPAIGN_SOURCES

CAMPAIGN_SUITES: tuple[Suite, ...] = (
    Suite(
        CAMPAIGN_REGISTRY,
        rules=(
            Rule("plans_end_after_they_begin", "planned_from_on <= planned_to_on"),
            Rule("budgets_are_positive", "budget_amount is null or budget_amount > 0"),
            Rule("offers_are_told_in_both_languages", "(offer_en is null) = (offer_zh is null)"),
        ),
    ),
    Suite(CAMPAIGN_SOURCES, rules=(Rule("keys_are_channel_and_number", "source_key = channel || ':' || campaign_no"),)),
)
