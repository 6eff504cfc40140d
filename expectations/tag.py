"""Suites of the tags stage: what the tags are declared to be."""

from __future__ import annotations

from expectations.suites import Rule, Suite, Unique, one_of
from pipelines.contracts.tag_tables import TAG_BANDS, TAG_DEFINITIONS, TAG_SIGNS

TAG_SUITES: tuple[Suite, ...] = (
    Suite(
        TAG_DEFINITIONS,
        values=(
            one_of("tag_kind", "basic", "behavior", "value", "preference")
            | one_of("tag_class", "static", "dynamic", "preference", "predictive")
            | one_of("cadence", "daily", "monthly")
            | one_of("value_type", "text", "list", "boolean", "integer", "amount", "date")
            | one_of("consent_purpose", "personalization")
        ),
        rules=(
            Rule("who_reads_a_tag_is_named", "(segment_count > 0) = (segments is not null)"),
            Rule("evidence_is_in_words", "length(evidence) >= 10"),
        ),
        # a column that shows two tags would be counted as used for both
        unique=(Unique(("as_of", "mart_column")),),
    ),
    Suite(TAG_BANDS, rules=(Rule("measures_are_not_negative", "from_value >= 0"),)),
    Suite(TAG_SIGNS, rules=(Rule("signs_are_lower_case", "sign = lower(sign) and trim(sign) <> ''"),)),
)
