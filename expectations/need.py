"""Suites of the value stage on needs: days are in order, ranks are ranks, and what is offered has a reason."""

from __future__ import annotations

from expectations.suites import Rule, Suite, Unique, one_of
from pipelines.contracts.need_tables import VALUE_NEXT_CATEGORIES, VALUE_REPLENISHMENTS, VALUE_SEASONAL_NEEDS

NEED_SUITES: tuple[Suite, ...] = (
    Suite(
        VALUE_REPLENISHMENTS,
        values=one_of("basis", "own_and_category", "category"),
        rules=(
            Rule("nothing_is_due_on_the_day_it_was_bought", "last_purchased_on < due_from_on"),
            Rule("windows_hold_the_due_date", "due_on between due_from_on and due_to_on"),
            Rule("typical_intervals_are_days", "typical_days_between >= 1 and isfinite(typical_days_between)"),
            Rule("own_intervals_are_there", "basis = 'category' or interval_count > 0"),
            Rule("due_ranks_count_from_1", "due_rank > 0"),
        ),
        unique=(Unique(("customer_id", "due_rank"), "due_rank is not null"),),
    ),
    Suite(
        VALUE_SEASONAL_NEEDS,
        rules=(
            Rule("seasons_are_months", "season_from_month_number between 1 and 12 and season_to_month_number between 1 and 12"),
            Rule("years_are_counted_once", "year_count between 2 and last_season_year_number - first_season_year_number + 1"),
            Rule("days_of_the_season_are_days", "season_day_count between year_count and day_count and season_share_rate between 0 and 1"),
            Rule("a_season_is_told_before_it_begins", "listed_from_on <= season_from_on and season_from_on < season_to_on"),
            Rule("listed_ranks_count_from_1", "listed_rank > 0"),
        ),
        unique=(Unique(("customer_id", "listed_rank"), "listed_rank is not null"),),
    ),
    Suite(
        VALUE_NEXT_CATEGORIES,
        values=one_of("model_name", "item_to_item", "popularity"),
        rules=(
            Rule("candidates_are_not_their_own_reason", "because_of_category <> category"),
            Rule("only_popularity_needs_no_reason", "(model_name = 'popularity') = (because_of_category is null)"),
            Rule("affinities_are_numbers_above_0", "affinity > 0 and isfinite(affinity)"),
            Rule("candidate_ranks_count_from_1", "candidate_rank > 0"),
        ),
        unique=(Unique(("customer_id", "category")),),
    ),
)
