"""What is told of a list before and after it goes out: preview and reasons agree with what the gate decided, row by row."""

from __future__ import annotations

from collections import Counter

import duckdb
import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.segments import GATE, Waterfall
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments import Condition, count_matches, matched_warning, preview_segment, why
from pipelines.segments.preview import Overlap, Stopped
from tests.segments.shop import DAY, Shop, segment

OURS = segment(where="recency_days >= 0 AND (recency_days < 50 OR customer_id = 'old')", columns=("recency_days", "customer_id"))
RIVAL = segment("rival", where="customer_id IN ('wanted_twice', 'unreachable')", columns=("customer_id",), priority=1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    shop = Shop(tmp_path_factory.mktemp("shop"), SegmentsConfig(global_holdout=0, cap_messages=1))  # type: ignore[arg-type]
    shop.add("unmatched", recency_days=60)
    shop.add("unknown", recency_days=None)
    shop.add("unreachable", phone_e164=None)
    shop.add("silent", consents=False)
    shop.add("complained")
    shop.suppressions = f"phone,{shop.customers['complained']['phone_e164']},complaint,\n"
    shop.add("tired")
    shop.sent(1, "tired")
    shop.add("wanted_twice")
    shop.add("old", recency_days=90)
    shop.add("plain")
    return shop


@pytest.fixture(scope="module")
def decided(shop: Shop) -> dict[str, tuple[str, str | None, str | None]]:
    found = shop.decide(OURS, RIVAL)
    return {customer: told for (name, customer), told in found.items() if name == "all_sms"}


@pytest.fixture
def run(shop: Shop, decided: object) -> Run:
    return shop.run(DAY)


def test_reasons_say_of_every_customer_what_the_gate_decided(shop: Shop, decided: dict[str, tuple[str, ...]], run: Run) -> None:
    condition = Condition(OURS.where, OURS.columns)
    stops = {outcome: step for step, outcome in GATE.items()}
    for customer in shop.customers:
        told = why(run, "all_sms", condition, customer, run.home.marts)
        outcome, reason, arm = decided.get(customer, (None, None, None))
        assert (told.outcome, told.reason, told.arm, told.is_listed) == (outcome, reason, arm, outcome == "exported")
        failed = [step.name for step in told.steps if step.passed is False]
        assert failed == (["matched"] if outcome is None else [] if outcome == "exported" else [stops[outcome]])
        assert [step.passed for step in told.steps] == sorted(
            (step.passed for step in told.steps), key=lambda passed: {True: 0, False: 1, None: 2}[passed]
        )
        assert told.values == {"recency_days": shop.customers[customer]["recency_days"], "customer_id": customer}
        assert told.parts is not None
        assert told.parts[0].answer is (True if outcome else None if customer == "unknown" else False)
    assert {outcome for outcome, *_ in decided.values()} == {"exported", *GATE.values()} - {"held_out"}


def test_parts_tell_which_comparison_fails(run: Run) -> None:
    told = why(run, "all_sms", Condition(OURS.where, OURS.columns), "unmatched", run.home.marts)
    assert [(part.part.sql, part.answer) for part in told.parts or ()][1:] == [
        ("recency_days >= 0", True),
        ("recency_days < 50 OR customer_id = 'old'", False),
        ("recency_days < 50", False),
        ("customer_id = 'old'", False),
    ]


def test_other_lists_of_the_day_and_days_without_lists_are_told(run: Run, shop: Shop) -> None:
    condition = Condition(OURS.where, OURS.columns)
    assert why(run, "all_sms", condition, "wanted_twice", None).other_lists == ["rival"]
    assert why(run, "all_sms", condition, "plain", None).parts is None
    with pytest.raises(ConfigurationError, match="no lists were decided for 2026-03-11"):
        why(shop.run(DAY.replace(day=11)), "all_sms", condition, "plain", None)


def test_preview_counts_what_the_gate_decided(decided: dict[str, tuple[str, str, str]], run: Run, shop: Shop) -> None:
    with_masks = (
        "alter table mart_marketing__customer_360 add column full_name_masked varchar;"
        "alter table mart_marketing__customer_360 add column phone_masked varchar"
    )

    with duckdb.connect(str(run.home.marts)) as marts:
        marts.execute(with_masks)
    seen = preview_segment(run, OURS, 3)
    counts = Counter(outcome for outcome, *_ in decided.values())
    assert seen.waterfall == Waterfall.of_outcomes(counts)
    assert seen.customer_count == len(shop.customers)
    assert set(seen.stopped) == {Stopped(outcome, reason, 1) for outcome, reason, _ in decided.values() if outcome != "exported"}
    assert seen.overlaps == [Overlap("rival", 2, 1)]
    assert [row["customer_id"] for row in seen.rows] == ["old", "plain", "complained"]
    assert {"phone_e164", "phone"}.isdisjoint(seen.rows[0])
    assert seen.warning is None
    nobody, everybody = segment("nobody", where="recency_days < 0"), segment("everybody", where="customer_id <> ''")
    customers, found = count_matches(run, [nobody, everybody, segment("broken", where="recency_days * 9223372036854775807 > 1")])
    assert (customers, found["nobody"], found["everybody"]) == (9, 0, 9)
    assert found["broken"] == "where fails on the data (OutOfRangeException)"
    assert (matched_warning(0, 9), matched_warning(9, 9), matched_warning(5, 9), matched_warning(0, 0)) == (
        "matches nobody",
        "matches all 9 customers",
        None,
        None,
    )
