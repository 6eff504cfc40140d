"""Each suite is green on a good row and red on each planted break, by name and count."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from expectations import SUITES, Verdict, validate_table
from expectations.suites import Rule
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.tables import Table, Type

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLANTED = 60  # rows per break: beyond every tolerance
DEFAULTS: Mapping[Type, Any] = {
    Type.TEXT: "x",
    Type.INTEGER: 1,
    Type.AMOUNT: Decimal(1),
    Type.PRICE: Decimal(1),
    Type.QUANTITY: Decimal(1),
    Type.RATE: 0.5,
    Type.DATE: date(2026, 3, 1),
    Type.INSTANT: NOON,
    Type.BOOLEAN: True,
}
SUBJECTS = (
    *("order", "payment", "refund", "event", "interaction", "coupon", "campaign", "send", "cost", "ticket", "review", "points"),
    *("product", "store", "stock"),
)
# what a good row has besides the defaults, by column, then by table
GOOD_COLUMNS: Mapping[str, Any] = {
    "channel": "pos",
    "source_record_key": "pos:1",
    "currency_code": "CNY",
    "reporting_currency": "CNY",
    "reporting_currency_code": "USD",
    "_load_id": "0123456789abcdef",
    "load_id": "0123456789abcdef",
    "_exported_at": NOON,
    "birth_on": date(1990, 2, 28),
    "rank": 8,
} | dict.fromkeys((f"{subject}_key" for subject in SUBJECTS), "pos:1")
GOOD_TABLES: Mapping[str, Mapping[str, Any]] = {
    "run_context": {
        "as_of_end_at": datetime(2026, 3, 1, 16, tzinfo=UTC),
        "exported_before_at": datetime(2026, 3, 2, 4, tzinfo=UTC),
        "rfm_high_value_from_total": 12,
        "rfm_potential_from_total": 8,
        "lifecycle_churned_after_days": 90,
    },
    "channel_contact_points": {"type": "phone", "scope": "global"},
    "contact_ledger": {"told_by": "both", "status": "sent", "listed_on": date(2026, 2, 1), "sent_on": date(2026, 2, 2)},
    "segment_assignments": {"reason": None},
    "channel_order_lines": {"line_key": "pos:1/1"},
    "channel_loads": {"sha256": "0123456789abcdef" * 4, "outcome": "loaded", "reason": None, "line_count": 9},
    "identity_contact_points": {"type": "phone", "scope": "global", "value": "+8613812345678"},
    "identity_rejected_values": {"type": "phone", "scope": "global"},
    "identity_links": {"type": "phone", "scope": "global", "left_source_record_key": "pos:1", "right_source_record_key": "pos:2"},
    "identity_refused_links": {"type": "phone", "scope": "global", "left_source_record_key": "pos:1", "right_source_record_key": "pos:2"},
    "identity_ownerships": {"type": "phone", "scope": "global", "valid_to_at": None},
    "identity_review": {"type": "phone", "scope": "global", "left_source_record_key": "pos:1", "right_source_record_key": "pos:2"},
    "identity_matches": {"left_source_record_key": "pos:1", "right_source_record_key": "pos:2"},
    "identity_quality": {"measured": 2, "allowed": 2},
    "identity_members": {"valid_to_on": None},
    "identity_changes": {"other_customer_id": ""},
    "kpi_restatement": {"revision": 2, "new_value": Decimal(2)},
    "golden_customers": {"phone_e164": "+8613812345678", "email": "a@example.com"},
    "golden_consents": {"contact_value": "+8613812345678"},
    "organization": {"kind": "store", "unit": "pos:1", "unit_path": "office > pos:1"},
    "organisation": {"kind": "store", "unit": "pos:1", "unit_path": "office > pos:1"},
    "campaign_sources": {"source_key": "pos:7", "channel": "pos", "campaign_no": "7"},
    "tag_definitions": {"evidence": "what it rests on"},
    "value_replenishments": {
        "typical_days_between": 3.0,
        "due_from_on": date(2026, 3, 3),
        "due_on": date(2026, 3, 4),
        "due_to_on": date(2026, 3, 5),
    },
    "value_seasonal_needs": {
        "year_count": 2,
        "last_season_year_number": 2,
        "season_day_count": 2,
        "day_count": 2,
        "season_to_on": date(2026, 3, 31),
    },
    "value_next_categories": {"because_of_category": "y"},
    "value_backtests": {"cutoff_on": date(2026, 2, 1), "as_of": date(2026, 3, 1)},
}
NOTHING = float("nan")
SAME_FIGURES = {f"{age}_{part}": Decimal(1) for age in ("old", "new") for part in ("value", "numerator", "denominator")}
LATER, TOMORROW = NOON + timedelta(days=2), date(2026, 3, 3)
BREAKS: Mapping[str, Mapping[str, Any]] = {
    "a_currency_is_worth_itself": {"reporting_currency_code": "CNY", "rate": Decimal(2)},
    "a_customer_does_not_change_into_itself": {"change": "split", "other_customer_id": "x"},
    "a_registration_has_both_time_and_channel": {"registered_at": None},
    "amounts_are_money": {
        name: Decimal(10) ** 9 for name in ("paid_amount", "line_amount", "refunded_amount", "value_amount", "cost_amount")
    },
    "amounts_name_their_currency": {"currency_code": None},
    "birthdays_are_those_of_living_people": {"birth_on": date(1850, 1, 1)},
    "campaigns_start_before_they_end": {"starts_on": TOMORROW},
    "plans_end_after_they_begin": {"planned_from_on": TOMORROW},
    "budgets_are_positive": {"budget_amount": Decimal(0)},
    "offers_are_told_in_both_languages": {"offer_en": None},
    "keys_are_channel_and_number": {"source_key": "7"},
    "channels_are_among_the_source_records": {"channel_count": 2},
    "contact_values_are_not_empty": {"contact_value": "", "contact_type": "openid"},
    "costs_are_spent_before_the_export": {"spent_to_on": TOMORROW},
    "costs_are_not_negative": {"cost_amount": Decimal(-1)},
    "costs_start_before_they_end": {"spent_from_on": TOMORROW},
    "its_period_had_begun": {"period_start": TOMORROW},
    "its_period_has_begun": {"period_start": TOMORROW},
    "it_says_why": {"cause": " "},
    "nothing_has_no_value_unless_its_denominator_is_0": {"value": None},
    "only_a_later_run_restates": {"old_as_of": TOMORROW},
    "revisions_count_from_1": {"revision": 0},
    "revisions_count_from_2": {"revision": 1},
    "something_is_another": SAME_FIGURES,
    "they_had_happened_by_the_day": {"occurred_on": TOMORROW},
    "both_sides_have_records": {"left_source_record_count": 0},
    "counts_are_not_negative": {"source_record_count": -1, "measured": -1, "impression_count": -1, "byte_count": -1},
    "currency_is_a_code": {"currency_code": "cny"},
    "days_and_purchases_are_not_negative": {"axis": "recency", "from_value": Decimal(-1)},
    "declining_comes_before_churned": {"lifecycle_churned_after_days": 1},
    "discounts_are_positive": {"discount_amount": Decimal(-1)},
    "emails_have_one_at_sign": {"email": "a.example.com"},
    "empty_text_is_null": {"city": ""},
    "evidence_is_in_words": {"evidence": "facts"},
    "events_name_a_visitor": {"source_record_key": None, "anonymous_id": None, "order_no": None},
    "every_customer_has_a_source_record": {"source_record_count": 0, "channel_count": 0},
    "every_line_is_accounted_for": {"loaded_count": 0},
    "fees_are_small_beside_payments": {"fee_amount": Decimal("2.01")},
    "ids_are_not_empty": {"customer_id": ""},
    "intervals_are_half_open_and_not_empty": {"valid_to_on": date(2026, 3, 1), "valid_to_at": NOON},
    "item_quantities_are_sane": {"item_quantity": Decimal(10) ** 6},
    "lines_count_from_1": {"line_no": 0},
    "lines_name_their_order": {"line_key": "pos:2/1"},
    "load_ids_begin_the_hash": {"sha256": "f" * 64},
    "loaded_files_know_their_format": {"format_name": None},
    "load_ids_are_16_hex_digits": {"_load_id": "0"},
    "loads_cover_a_span": {"covers_from_on": TOMORROW},
    "only_a_head_office_has_no_parent": {"parent_unit": None},
    "only_created_has_no_second_id": {"change": "merged"},
    "measures_are_not_negative": {"from_value": Decimal(-1)},
    "a_list_is_known_by_day_and_segment": {"segment_name": None},
    "a_message_is_sent_after_its_list": {"sent_on": date(2026, 1, 31)},
    "an_hour_follows_its_night": {"night_on": TOMORROW},
    "a_fault_says_what_to_do": {"advice": ""},
    "what_a_channel_reports_has_a_status": {"status": None},
    "what_a_list_tells_of_has_one": {"told_by": "report"},
    "who_is_held_out_knows_why": {"outcome": "held_out", "arm": None, "reason": None},
    "no_more_changes_than_the_budget": {"measured": 3},
    "only_global_types_have_the_global_scope": {"scope": "shop"},
    "only_real_values_are_accepted": {"state": "masked"},
    "only_the_exported_have_an_arm": {"outcome": "held_out"},
    "paths_end_in_the_unit": {"unit_path": "pos:1 > office"},
    "payments_are_not_negative": {"paid_amount": Decimal(-1)},
    "phones_are_e164": {"phone_e164": "13812345678", "contact_value": "13812345678"},
    "prices_are_not_negative": {"unit_price_amount": Decimal(-1)},
    "quantities_are_sane": {"quantity": Decimal(10) ** 6},
    "ranks_are_those_of_the_types": {"rank": 10},
    "rates_are_positive": {"rate": Decimal(0)},
    "real_emails_have_one_at_sign": {"type": "email", "value": "a@b@c"},
    "real_phones_are_e164": {"value": "13812345678"},
    "real_values_are_not_empty": {"type": "email", "value": ""},
    "reasons_are_given": {"reason": ""},
    "records_name_channel_and_id": {"source_record_key": "pos:"},
    "refunded_at_most_what_was_paid": {"refunded_amount": Decimal(2)},
    "refunds_are_positive": {"refunded_amount": Decimal(-1)},
    "refunds_name_what_they_reverse": {"payment_no": None, "order_no": None},
    "reporting_currency_is_a_code": {"reporting_currency": "yuan", "reporting_currency_code": "yuan"},
    "returns_give_back": {"line_type": "return"},
    "sales_are_not_negative": {"paid_amount": Decimal(-1), "refunded_amount": None},
    "satisfaction_is_1_to_5": {"satisfaction_score": 6},
    "scores_are_1_to_5": {"score": 6},
    "scores_fit_their_scale": {"score": 6},
    "seen_first_before_last": {"first_seen_at": LATER},
    "shipping_is_not_negative": {"shipping_amount": Decimal(-1)},
    "signs_are_lower_case": {"sign": "Men"},
    "signs_fit_the_reason": {"points_delta": -1},
    "stock_is_counted_before_the_export": {"counted_on": TOMORROW},
    "stores_are_named_by_their_key": {"unit": "office", "unit_path": "office"},
    "the_day_ends_within_a_day_and_a_half_of_its_date": {"as_of_end_at": datetime(2026, 3, 1, tzinfo=UTC)},
    "the_grace_begins_after_the_day": {"exported_before_at": NOON},
    "the_source_row_is_a_line": {"_source_row": 0},
    "owners_are_counted_from_one": {"owner_no": 0},
    "probabilities_are_between_0_and_1": {"match_probability": 1.5},
    "the_left_key_is_the_smaller": {"left_source_record_key": "pos:3"},
    "tiers_are_ordered": {"rfm_potential_from_total": 12},
    "values_are_not_empty": {"value": "", "value_raw": "", "contact_value_raw": ""},
    "who_reads_a_tag_is_named": {"segments": None},
    "who_was_refused_knows_why": {"reason": "because"},
    "who_was_stopped_knows_why": {"outcome": "held_out", "arm": None, "reason": None},
    "purchases_are_predicted_on_a_basis": {"probability_alive": None},
    "money_is_predicted_on_a_basis": {"ltv_predicted_12m": None},
    "who_opted_out_is_not_predicted": {"value_basis": "opted_out"},
    "probabilities_of_buying_are_between_0_and_1": {"probability_alive": NOTHING},
    "longer_windows_expect_no_less": {"predicted_purchases_365d": NOTHING},
    "intervals_hold_their_value": {"ltv_predicted_high_12m": Decimal(0)},
    "nothing_is_due_on_the_day_it_was_bought": {"due_from_on": date(2026, 3, 1)},
    "windows_hold_the_due_date": {"due_to_on": TOMORROW},
    "typical_intervals_are_days": {"typical_days_between": NOTHING},
    "own_intervals_are_there": {"interval_count": 0},
    "due_ranks_count_from_1": {"due_rank": 0},
    "seasons_are_months": {"season_to_month_number": 13},
    "years_are_counted_once": {"year_count": 3, "season_day_count": 3, "day_count": 3},
    "days_of_the_season_are_days": {"day_count": 1},
    "a_season_is_told_before_it_begins": {"listed_from_on": TOMORROW},
    "listed_ranks_count_from_1": {"listed_rank": 0},
    "candidates_are_not_their_own_reason": {"category": "y"},
    "only_popularity_needs_no_reason": {"because_of_category": None},
    "affinities_are_numbers_above_0": {"affinity": float("inf")},
    "candidate_ranks_count_from_1": {"candidate_rank": 0},
    "money_expected_is_not_negative": {"ltv_predicted_12m": Decimal(-1)},
    "intervals_are_in_order": {"ltv_predicted_high_12m": Decimal(0)},
    "models_say_why": {"reason": " "},
    "data_windows_are_in_order": {"data_until_on": TOMORROW},
    "fits_count_their_customers": {"customer_count": -1},
    "horizons_have_ended": {"horizon_days": 60},
    "buckets_count_their_customers": {"customer_count": -1},
    "figures_are_numbers": {"actual": NOTHING},
    "propensities_are_between_0_and_1": {"probability": NOTHING},
    "propensities_have_a_basis": {"basis": "opted_out"},
    "propensities_name_their_model": {"model_name": None},
    "groups_are_numbered_from_1": {"cluster": 0},
    "groups_have_customers": {"customer_rate": NOTHING},
    "groups_are_described": {"description": " "},
    "customers_are_in_a_numbered_group": {"cluster": 0},
    "windows_are_positive": {"window_days": 0, "rfm_history_months": 0},
}


def good_row(table: Table) -> dict[str, Any]:
    suite = SUITES[table.name]
    row = {column.name: GOOD_COLUMNS.get(column.name, DEFAULTS[column.type]) for column in table.columns}
    return row | {column: allowed[0] for column, allowed in suite.values.items()} | dict(GOOD_TABLES.get(table.name, {}))


def broken_by(claim: str, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row with what breaks `claim` (claims about a named column are derived from their name)."""
    if claim in BREAKS:
        change = BREAKS[claim]
    elif claim.endswith("_names_channel_and_id"):
        change = {claim.removesuffix("_names_channel_and_id"): "tmall:1"}
    elif claim.endswith("_is_well_formed"):
        change = {claim.removesuffix("_is_well_formed"): "1.38E+10"}
    elif claim.endswith("_is_past_at_the_export"):
        change = {claim.removesuffix("_is_past_at_the_export"): LATER}
    else:
        change = {claim.partition("_is_at_most_a_day_after_")[2]: NOON - timedelta(days=2)}
    return dict(row) | {name: value for name, value in change.items() if name in row}


def write(table: Table, rows: list[dict[str, Any]], folder: Path) -> str:
    path = folder / f"{table.name}.parquet"
    pl.DataFrame(rows, schema=table.schema).write_parquet(path)
    return str(path)


def judge(table: Table, rows: list[dict[str, Any]], folder: Path) -> Verdict:
    return validate_table(table.name, write(table, rows, folder), memory_limit="500MB", threads=1)


def test_every_table_has_exactly_one_suite() -> None:
    assert set(SUITES) == set(TABLES)
    assert all(suite.table is TABLES[name] for name, suite in SUITES.items())


def test_suites_name_only_columns_of_their_contract() -> None:
    for suite in SUITES.values():
        named = {*suite.values, *(column for key in suite.keys for column in key.columns)}
        assert named <= set(suite.table.column_names), suite.name


@pytest.mark.parametrize("name", sorted(name for name, suite in SUITES.items() if suite.row_count in (None, 1)))
def test_suite_is_green_on_a_good_row(name: str, tmp_path: Path) -> None:
    verdict = judge(TABLES[name], [good_row(TABLES[name])], tmp_path)
    assert (verdict.passed, verdict.failures, verdict.warnings) == (True, (), ())


@pytest.mark.parametrize(("name", "passed"), [("channel_orders", True), ("segment_memberships", True), ("run_context", False)])
def test_table_without_rows_is_green_unless_it_must_have_some(name: str, passed: bool, tmp_path: Path) -> None:
    assert judge(TABLES[name], [], tmp_path).passed is passed


@pytest.mark.parametrize(
    ("name", "rule"), [(name, rule) for name, suite in SUITES.items() for rule in suite.rules], ids=lambda value: str(value)
)
def test_rule_holds_on_a_good_row_and_not_on_its_break(name: str, rule: Rule) -> None:
    table = TABLES[name]
    good = good_row(table)
    rows = pl.DataFrame([good, broken_by(rule.claim, good)], schema=table.schema)  # noqa: F841  read by DuckDB
    assert duckdb.sql(f"select coalesce({rule.holds}, true) from rows").fetchall() == [(True,), (False,)]


@pytest.mark.parametrize(
    ("number", "is_well_formed"),
    [
        *[(number, True) for number in ("4512345678901234567", "#1007", "SO/2026-1", "260603-000000000012345", "E20260305", "订单1", None)],
        *[(number, False) for number in ("", "45 12", "45\t12", "45\n", "\r", "1.38E+10", "4.51235E+18", "9" * 201)],
    ],
)
def test_numbers_of_channels_are_well_formed(number: str | None, is_well_formed: bool) -> None:
    (rule,) = (rule for rule in SUITES["channel_orders"].rules if rule.claim == "order_no_is_well_formed")
    rows = pl.DataFrame({"order_no": [number]}, schema={"order_no": pl.String})  # noqa: F841  read by DuckDB
    assert duckdb.sql(f"select coalesce({rule.holds}, true) from rows").fetchall() == [(is_well_formed,)]


@pytest.mark.parametrize(("currency", "amount", "is_money"), [("CNY", 10**8, True), ("CNY", 10**8 + 1, False), ("VND", 10**9, True)])
def test_range_of_money_is_that_of_its_currency(currency: str, amount: int, is_money: bool) -> None:
    (rule,) = (rule for rule in SUITES["channel_refunds"].rules if rule.claim == "amounts_are_money")
    row = good_row(TABLES["channel_refunds"]) | {"currency_code": currency, "refunded_amount": Decimal(amount)}
    rows = pl.DataFrame([row], schema=TABLES["channel_refunds"].schema)  # noqa: F841  read by DuckDB
    assert duckdb.sql(f"select {rule.holds} from rows").fetchall() == [(is_money,)]


@pytest.mark.parametrize("table", ["channel_orders", "channel_payments", "channel_refunds"])
def test_one_odd_row_among_many_stops_no_night(table: str, tmp_path: Path) -> None:
    """What the shop wrote is told, and what the reader promised is not in question."""
    good = good_row(TABLES[table])
    odd = good | {"currency_code": "yuan", "refunded_amount": Decimal(-1), "payment_no": "1.38E+10", "paid_amount": Decimal(10) ** 9}
    rows = [{**(odd if number == 0 else good), "_source_row": number + 1} for number in range(200)]
    verdict = judge(TABLES[table], [{name: row[name] for name in TABLES[table].column_names} for row in rows], tmp_path)
    assert verdict.passed and len(verdict.warnings) >= 3


@pytest.mark.parametrize("name", sorted(SUITES))
def test_suite_is_red_on_every_planted_break(name: str, tmp_path: Path) -> None:
    table, suite = TABLES[name], SUITES[name]
    good = good_row(table)
    breaks = [broken_by(rule.claim, good) for rule in suite.rules]
    breaks += [good | {column: None} for column in table.required]
    breaks += [good | {column: "nonsense"} for column in suite.values]
    verdict = judge(table, [good, *(row for row in breaks for _ in range(PLANTED))], tmp_path)
    red = {failure.partition(":")[0] for failure in verdict.failures}
    expected = {f"expect_rows_to_hold {rule.claim}" for rule in suite.rules}
    expected |= {f"expect_column_values_to_not_be_null {column}" for column in table.required}
    expected |= {f"expect_column_values_to_be_in_set {column}" for column in suite.values}
    expected |= {f"expect_key_to_be_unique {', '.join(key.columns)}" for key in suite.keys}
    expected |= {"expect_table_row_count_to_equal"} if suite.row_count is not None else set()
    assert red == expected
    assert verdict.evaluated >= len(expected)


@pytest.mark.parametrize("name", sorted(SUITES))
def test_no_single_break_is_missed_when_a_suite_is_asked_at_once(name: str) -> None:
    from expectations.duckdb_engine import expectations_at_once, expectations_of

    table, suite = TABLES[name], SUITES[name]
    *_, at_once = expectations_at_once(suite, has_rows=True)
    asked = f"select {' + '.join(f'({count})' for count in at_once.configuration.kwargs['counts'])}"

    def breaks(*rows: Mapping[str, Any]) -> int:
        frame = pl.DataFrame(rows, schema=table.schema)  # noqa: F841  read by DuckDB
        [(found,)] = duckdb.sql(f"{asked} from frame").fetchall()
        return int(found)

    good = good_row(table)
    assert breaks(good) == 0
    assert breaks(good, good) >= len(suite.keys) - sum(key.where != "true" for key in suite.keys) > 0
    assert all(breaks(broken_by(rule.claim, good)) for rule in suite.rules)
    assert all(breaks(good | {column: None}) for column in table.required)
    assert all(breaks(good | {column: "nonsense"}) for column in suite.values)
    assert suite.count(True) == len(expectations_of(suite, True))
    assert suite.count(False) == len(expectations_of(suite, False))
