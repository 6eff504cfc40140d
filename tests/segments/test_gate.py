"""The gate: its boundaries one by one."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from datetime import timedelta
from decimal import Decimal
from math import sqrt
from pathlib import Path

import pytest

from pipelines.contracts.errors import CdpError
from pipelines.contracts.segments import SegmentReport, Waterfall
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.segments import decide_memberships
from tests.segments.shop import DAY, OPEN, Shop, phone, segment


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_waterfall_counts_those_left_after_each_step(shop: Shop) -> None:
    shop.add("unmatched", recency_days=None)
    shop.add("unreachable", phone_e164=None)
    shop.add("silent", consents=False)
    shop.add("complained")
    shop.suppressions = f"phone,{shop.customers['complained']['phone_e164']},complaint,\n"
    shop.add("tired")
    shop.sent(1, "tired")
    shop.sent(2, "tired")
    shop.add("wanted_twice")
    shop.add("plain")
    rival = segment("rival", where="customer_id = 'wanted_twice'", priority=1)
    found = shop.decide(segment(), rival)
    assert {customer: outcome for (name, customer), (outcome, _, _) in found.items() if name == "all_sms"} == {
        "unreachable": "unreachable",
        "silent": "no_consent",
        "complained": "suppressed",
        "tired": "over_cap",
        "wanted_twice": "lost_priority",
        "plain": "exported",
    }
    assert shop.report.waterfalls["all_sms"] == Waterfall(6, 5, 4, 3, 2, 1, 1, 1)
    assert shop.report.as_metadata()["rival"] == asdict(Waterfall(1, 1, 1, 1, 1, 1, 1, 1))


@pytest.mark.parametrize(
    ("days_ago", "outcome"),
    [((1, 2), "over_cap"), ((1, 6), "over_cap"), ((1, 7), "exported"), ((6,), "exported"), ((), "exported")],
)
def test_third_message_within_seven_days_is_over_the_cap(shop: Shop, days_ago: tuple[int, ...], outcome: str) -> None:
    shop.add("a")
    for days in days_ago:
        shop.sent(days, "a")
    assert shop.decide(segment())["all_sms", "a"][0] == outcome


def test_only_what_was_exported_before_the_day_counts_for_the_cap(shop: Shop) -> None:
    shop.add("a")
    shop.sent(1, "a", outcome="held_out")
    shop.sent(2, "a", outcome="lost_priority")
    shop.sent(-1, "a")
    shop.sent(-2, "a")
    assert shop.decide(segment())["all_sms", "a"][0] == "exported"


def test_messages_to_an_id_that_was_merged_away_count_for_its_successor(shop: Shop) -> None:
    shop.add("a")
    shop.sent(1, "oldest")
    shop.sent(2, "old")
    shop.redirects = [("oldest", "old"), ("old", "a")]
    assert shop.decide(segment())["all_sms", "a"] == ("over_cap", "2 messages in 7 days", None)


def test_cap_of_zero_exports_nobody(shop: Shop) -> None:
    shop.config = OPEN.model_copy(update={"cap_messages": 0})
    shop.add("a")
    assert shop.decide(segment())["all_sms", "a"][0] == "over_cap"


def test_consent_counts_for_the_very_contact_point_channel_and_purpose(shop: Shop) -> None:
    shop.add("other_number", consents=False)
    shop.consents.append(("other_number", phone(999), "sms", "granted"))
    shop.add("other_channel", consents=False, email="a@example.com")
    shop.consents.append(("other_channel", "a@example.com", "email", "granted"))
    shop.add("yes")
    found = shop.decide(segment(), segment("by_mail", channel="email"))
    assert found["all_sms", "other_number"][0] == "no_consent"
    assert found["all_sms", "other_channel"][0] == "no_consent"
    assert found["by_mail", "other_channel"][0] == "exported"
    assert found["all_sms", "yes"][0] == "exported"


def test_denial_by_anybody_who_shares_the_phone_holds(shop: Shop) -> None:
    shop.add("mother", phone_e164=phone(1))
    shop.consents.append(("son", phone(1), "sms", "denied"))
    assert shop.decide(segment())["all_sms", "mother"] == ("no_consent", "sms for marketing is denied on the phone", None)


def test_two_people_with_one_phone_get_one_message(shop: Shop) -> None:
    shop.add("b", phone_e164=phone(1))
    shop.add("a", phone_e164=phone(1))
    shop.add("c")
    found = shop.decide(segment(), segment("rival", where="customer_id = 'b'", priority=1))
    assert found["rival", "b"][0] == "exported"
    assert found["all_sms", "a"] == ("lost_priority", "the phone is on a list already", None)
    assert found["all_sms", "c"][0] == "exported"


def test_smallest_priority_wins_and_the_name_decides_ties(shop: Shop) -> None:
    shop.add("a")
    found = shop.decide(segment("b_list"), segment("a_list"), segment("late", priority=11))
    assert [found[name, "a"][0] for name in ("a_list", "b_list", "late")] == ["exported", "lost_priority", "lost_priority"]
    assert found["late", "a"][1] == "on the list of a_list"


def test_segment_that_cannot_reach_a_customer_takes_nobody_from_another(shop: Shop) -> None:
    shop.add("a")
    found = shop.decide(segment("by_mail", channel="email", priority=1), segment())
    assert found["by_mail", "a"][0] == "unreachable"
    assert found["all_sms", "a"][0] == "exported"


@pytest.mark.parametrize(
    ("row", "outcome"),
    [
        ("phone,138 0000 0000,bounce,", "suppressed"),
        ("phone,８６-13800000000,unsubscribed,2026-03-10", "suppressed"),
        ("phone,13800000000,bounce,2026-03-11", "exported"),
        ("phone,13800000001,bounce,", "exported"),
        ("customer_id,a,staff,", "suppressed"),
        ("customer_id,gone,erased,", "suppressed"),
        ("email,OLD@example.com,bounce,", "exported"),
        ("email,OLD@example.com,erased,", "suppressed"),
    ],
)
def test_suppression_is_compared_normalized_and_by_person_where_the_reason_is_one(shop: Shop, row: str, outcome: str) -> None:
    shop.add("a", phone_e164=phone(0))
    shop.points.append(("a", "email", "old@example.com"))
    shop.redirects = [("gone", "a")]
    shop.suppressions = row + "\n"
    assert shop.decide(segment())["all_sms", "a"][0] == outcome


def test_segment_outside_its_dates_is_left_out(shop: Shop) -> None:
    shop.add("a")
    assert shop.decide(segment(valid_from=DAY + timedelta(days=1)), segment("over", valid_to=DAY - timedelta(days=1))) == {}
    assert shop.report == SegmentReport(DAY, {})
    assert len(shop.decide(segment(valid_from=DAY, valid_to=DAY))) == 1


def test_holdouts_and_arms_have_their_shares(shop: Shop) -> None:
    for place in range(4000):
        shop.add(f"c_{place}")
    shop.config = SegmentsConfig(global_holdout=Decimal("0.05"))
    arms = {"coupon": Decimal("0.3"), "reminder": Decimal("0.7")}
    found = shop.decide(segment(holdout=Decimal("0.2"), arms=arms))
    reasons = Counter(reason for _, reason, _ in found.values())
    given_arms = Counter(arm for outcome, _, arm in found.values() if outcome == "exported")

    def near(count: int, of: int, share: float) -> bool:
        return abs(count - of * share) <= 3 * sqrt(of * share * (1 - share))

    assert near(reasons["global holdout"], 4000, 0.05)
    assert near(reasons["holdout of the segment"], 4000 - reasons["global holdout"], 0.2)
    assert set(given_arms) == {"coupon", "reminder"}
    assert near(given_arms["coupon"], given_arms.total(), 0.3)


def test_holdout_follows_the_salt_and_nothing_else(shop: Shop) -> None:
    for place in range(400):
        shop.add(f"c_{place}")

    def held(salt: str, name: str) -> set[str]:
        shop.config = SegmentsConfig(global_holdout=Decimal("0.5"), holdout_salt=salt)
        return {customer for (_, customer), (outcome, _, _) in shop.decide(segment(name)).items() if outcome == "held_out"}

    assert held("x", "one") == held("x", "two")
    assert held("x", "one") != held("y", "one")


def test_own_holdout_differs_between_segments_and_from_the_arms(shop: Shop) -> None:
    for place in range(2000):
        shop.add(f"c_{place}")
    arms = {"a": Decimal("0.5"), "b": Decimal("0.5")}
    one = shop.decide(segment("one", holdout=Decimal("0.5"), arms=arms))
    two = shop.decide(segment("two", holdout=Decimal("0.5"), arms=arms))
    held_by_both = sum(one["one", name][0] == two["two", name][0] == "held_out" for name in shop.customers)
    assert 400 < held_by_both < 600
    kept = Counter(arm for outcome, _, arm in one.values() if outcome == "exported")
    assert abs(kept["a"] - kept["b"]) < 3 * sqrt(kept.total())


def test_same_inputs_give_the_same_bytes_in_any_order(shop: Shop) -> None:
    for place in range(50):
        shop.add(f"c_{place}", phone_e164=phone(place % 20))
    lists = (segment(arms={"a": Decimal("0.5"), "b": Decimal("0.5")}), segment("other", where="recency_days > 0", priority=9))
    path = shop.root / "lake" / "segment_memberships" / f"as_of={DAY}" / "part-0.parquet"
    shop.decide(*lists)
    first = path.read_bytes()
    shop.customers = dict(reversed(shop.customers.items()))
    shop.consents.reverse()
    shop.decide(*reversed(lists))
    assert path.read_bytes() == first


def test_day_is_replaced_whole_and_other_days_stay(shop: Shop) -> None:
    shop.add("a")
    shop.decide(segment(), day=DAY - timedelta(days=1))
    shop.decide(segment(), segment("second"))
    assert set(shop.decide(segment("second"))) == {("second", "a")}
    assert (shop.root / "lake" / "segment_memberships" / f"as_of={DAY - timedelta(days=1)}" / "part-0.parquet").exists()


def test_missing_marts_are_an_error_that_says_what_to_do(shop: Shop) -> None:
    run = shop.run(DAY)
    run.home.marts.unlink()
    with pytest.raises(CdpError, match=r"marts\.duckdb: cannot be read.*dbt"):
        decide_memberships(run, (segment(),))


def test_a_segment_of_nobody_and_one_of_everybody_have_clear_waterfalls(shop: Shop) -> None:
    for number in range(3):
        shop.add(f"c{number}")
    shop.add("nowhere", phone_e164=None, email=None)
    found = shop.decide(segment("everybody"), segment("nobody", where="recency_days > 9999"), segment("mails", channel="email"))
    assert shop.report.waterfalls["everybody"] == Waterfall(4, 3, 3, 3, 3, 3, 3, 3)
    assert shop.report.waterfalls["nobody"] == Waterfall()
    assert shop.report.waterfalls["mails"] == Waterfall(matched=4)
    assert found["everybody", "nowhere"] == ("unreachable", "no phone", None)
    assert found["mails", "nowhere"] == ("unreachable", "no email", None)


def test_without_customers_or_segments_there_are_no_memberships(shop: Shop) -> None:
    assert shop.decide(segment()) == {}
    assert shop.report.waterfalls == {"all_sms": Waterfall()}
    shop.add("a")
    assert shop.decide() == {}
    assert shop.report == SegmentReport(DAY)
