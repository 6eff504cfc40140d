"""Suites of the metrics stage: what was published of the past, and what became of it."""

from __future__ import annotations

from expectations.suites import Rule, Suite, one_of
from pipelines.contracts.metric_tables import KPI_PUBLISHED, KPI_RESTATEMENT, LATE_FACTS

_GRAINS = one_of("period_grain", "day", "week", "month", "quarter")
_DIMENSIONS = one_of("dimension", "all", "channel", "store", "region", "rfm_tier", "acquisition_channel")

METRIC_SUITES: tuple[Suite, ...] = (
    Suite(
        KPI_PUBLISHED,
        values=_GRAINS | _DIMENSIONS,
        rules=(
            Rule("revisions_count_from_1", "revision > 0"),
            Rule("its_period_has_begun", "period_start <= as_of"),
            Rule("nothing_has_no_value_unless_its_denominator_is_0", "value is not null or coalesce(denominator, 0) = 0"),
        ),
    ),
    Suite(
        KPI_RESTATEMENT,
        values=_GRAINS | _DIMENSIONS,
        rules=(
            Rule("revisions_count_from_2", "revision > 1"),
            Rule("only_a_later_run_restates", "as_of >= old_as_of"),
            Rule("its_period_had_begun", "period_start <= old_as_of"),
            Rule(
                "something_is_another",
                "old_value is distinct from new_value or old_numerator is distinct from new_numerator"
                " or old_denominator is distinct from new_denominator",
            ),
            Rule("it_says_why", "trim(cause) <> ''"),
        ),
    ),
    Suite(
        LATE_FACTS,
        values=one_of("change", "new", "refunded", "changed"),
        rules=(Rule("they_had_happened_by_the_day", "occurred_on <= as_of"),),
    ),
)
