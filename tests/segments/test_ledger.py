"""The contact ledger: each message once, whether our list, the channel's report or both tell of it; and the cap that counts them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import product
from pathlib import Path
from random import Random
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.segments import decide_memberships
from tests.segments.shop import DAY, Shop, segment

Told = tuple[str, str, int | None, str | None]  # customer, told by, days from DAY to sending (negative: before), segment


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def report(shop: Shop, customer: str | None, days_ago: int | None, campaign: str | None = None, **values: Any) -> None:
    on = None if days_ago is None else DAY - timedelta(days=days_ago)
    campaign_key = None if campaign is None else f"{values.get('channel', 'sms')}:{campaign}"
    shop.sends.append({"customer_id": customer, "counted_on": on, "campaign_key": campaign_key} | values)


def ledger(shop: Shop, day: date = DAY) -> pl.DataFrame:
    decide_memberships(shop.run(day), (segment(),))
    frame = pl.read_parquet(shop.root / "lake" / "contact_ledger" / "part-0.parquet")
    assert frame.schema == TABLES["contact_ledger"].schema
    assert frame["message_key"].is_unique().all()
    return frame


def told(shop: Shop) -> list[Told]:
    return sorted(
        (
            (row["customer_id"], row["told_by"], (row["sent_on"] - DAY).days if row["sent_on"] else None, row["segment_name"])
            for row in ledger(shop).to_dicts()
        ),
        key=str,
    )


def test_a_list_that_nobody_has_reported_was_used_on_the_next_day(shop: Shop) -> None:
    shop.sent(3, "ann")
    assert told(shop) == [("ann", "list", -2, "earlier")]


def test_a_report_of_our_list_is_the_same_message_and_tells_the_day(shop: Shop) -> None:
    shop.sent(4, "ann")
    report(shop, "ann", 2, "earlier")
    assert told(shop) == [("ann", "both", -2, "earlier")]


def test_a_report_of_nobody_and_of_no_day_has_its_place(shop: Shop) -> None:
    """Nobody has no ledger; a message without a day counts in no window."""
    report(shop, None, 2)
    report(shop, "ann", None)
    assert told(shop) == [("ann", "report", None, None)]


@pytest.mark.parametrize(
    ("days_ago", "values", "is_same"),
    [
        (4, {}, True),  # the first day after the list of five days ago
        (2, {}, True),  # the third
        (1, {}, False),  # the fourth
        (5, {}, False),  # the day of the run: the list was not out yet
        (4, {"medium": "email"}, False),
        (4, {"customer_id": "bob"}, False),
    ],
)
def test_a_message_is_the_same_within_the_days_by_customer_and_medium(
    shop: Shop, days_ago: int, values: dict[str, Any], is_same: bool
) -> None:
    shop.sent(5, "ann")
    report(shop, "ann", days_ago, None, **values)
    assert len(told(shop)) == (1 if is_same else 2)


def test_a_campaign_of_another_number_is_another_message(shop: Shop) -> None:
    """Nothing tells it from a mailing of the shop's own: counted twice it keeps the cap."""
    shop.sent(5, "ann")
    report(shop, "ann", 4, "spring")
    assert told(shop) == [("ann", "list", -4, "earlier"), ("ann", "report", -4, None)]


@pytest.mark.parametrize(
    ("belongs", "is_same"),
    [
        (("sms:77", "segments:earlier"), True),
        (("sms:77", "segments:earlier", "segments:later"), True),
        (("sms:77", "segments:later"), False),
        (("sms:78", "segments:earlier"), False),
        (("mail:77", "segments:earlier"), False),  # the number of another channel
        (("sms:77",), False),
    ],
)
def test_the_registry_says_which_number_of_a_tool_sends_which_segment(shop: Shop, belongs: tuple[str, ...], is_same: bool) -> None:
    shop.campaigns = {"spring": belongs, "other": ("sms:79", "segments:else")}
    shop.sent(5, "ann")
    report(shop, "ann", 4, "77")
    both, apart = [("ann", "both", -4, "earlier")], [("ann", "list", -4, "earlier"), ("ann", "report", -4, None)]
    assert told(shop) == (both if is_same else apart)


def test_a_number_that_the_registry_gives_to_a_segment_of_service_is_no_marketing(shop: Shop) -> None:
    shop.campaigns = {"care": ("sms:77", "segments:survey"), "mixed": ("sms:78", "segments:survey_too", "segments:earlier")}
    shop.sent_lists(8, [("ann", "survey"), ("ann", "survey_too")], purpose="service")
    shop.sent(9, "ann")
    report(shop, "ann", 1, "77")
    report(shop, "ann", 1, "78")
    found = {row["campaign_key"]: row["purpose"] for row in ledger(shop).to_dicts() if row["told_by"] == "report"}
    assert found == {"sms:77": "service", "sms:78": "marketing"}


def test_a_named_report_comes_before_one_without_a_name(shop: Shop) -> None:
    shop.sent(5, "ann")
    report(shop, "ann", 4)
    report(shop, "ann", 3, "earlier")
    assert told(shop) == [("ann", "both", -3, "earlier"), ("ann", "report", -4, None)]


def test_a_message_of_service_is_no_marketing_whenever_it_is_reported(shop: Shop) -> None:
    shop.sent(6, "ann", name="survey", purpose="service")
    report(shop, "ann", 5, "survey")
    report(shop, "ann", 1, "survey")
    assert [row["purpose"] for row in ledger(shop).to_dicts()] == ["service", "service"]


def test_messages_of_two_people_who_became_one_are_two(shop: Shop) -> None:
    shop.redirects = [("old", "ann")]
    shop.sent(4, "old", "ann")
    report(shop, "ann", 3, "earlier")
    assert told(shop) == [("ann", "both", -3, "earlier"), ("ann", "list", -3, "earlier")]


def test_a_day_that_is_run_again_knows_neither_its_own_list_nor_later_ones_nor_later_messages(shop: Shop) -> None:
    shop.sent(0, "ann")
    shop.sent(-1, "ann")
    report(shop, "ann", -2)
    assert told(shop) == []


@dataclass
class List:
    key: str
    customer: str
    listed: int
    name: str


def expected(lists: list[List], reports: list[dict[str, Any]], match_days: int = 3) -> int:
    """How many messages: pairs that may be one message in the order of how well they fit, each list and report used once."""
    fits = [
        (row["campaign"] is None, row["day"] - own.listed, own.listed, own.key, row["key"])
        for own, row in product(lists, reports)
        if own.customer == row["customer"] and 1 <= row["day"] - own.listed <= match_days and row["campaign"] in (None, own.name)
    ]
    taken: set[str] = set()
    for *_, own_key, row_key in sorted(fits):
        if taken.isdisjoint({own_key, row_key}):
            taken |= {own_key, row_key}
    return len(lists) + len(reports) - len(taken) // 2


@pytest.mark.parametrize("seed", range(12))
def test_random_lists_and_reports_are_matched_like_by_hand(shop: Shop, seed: int) -> None:
    pick = Random(f"ledger/{seed}")
    customers, names = ("ann", "bob", "cat"), ("a", "b")
    lists, chosen = [], {(days, name): [c for c in customers if pick.random() < 0.4] for days in range(1, 9) for name in names}
    for days in range(1, 9):
        rows = [(c, name) for name in names for c in chosen[days, name]]
        shop.sent_lists(days, rows)
        day = DAY - timedelta(days=days)
        lists += [List(f"{day}/{name}/{c}", c, -days, name) for c, name in rows]
    reports = []
    for number in range(pick.randint(4, 20)):
        row = {"customer": pick.choice(customers), "day": -pick.randint(0, 9), "campaign": pick.choice((None, None, "a", "b", "x"))}
        reports.append(row | {"key": f"sms:{number}"})
        report(shop, row["customer"], -row["day"], row["campaign"], send_key=f"sms:{number}")
    assert ledger(shop).height == expected(lists, reports)


@pytest.mark.parametrize(
    ("days_ago", "outcome"), [((0, 1), "over_cap"), ((0, 5), "over_cap"), ((0, 6), "exported"), ((5, 5), "over_cap"), ((6, 6), "exported")]
)
def test_messages_of_others_count_by_the_day_on_which_they_went_out(shop: Shop, days_ago: tuple[int, ...], outcome: str) -> None:
    """The list of tonight is used tomorrow, so a message of six days ago is out of the seven days that end then."""
    shop.add("ann")
    for days in days_ago:
        report(shop, "ann", days, medium="email", channel="mail")
    assert shop.decide(segment())["all_sms", "ann"][0] == outcome


def shared_phone(shop: Shop) -> None:
    """A mother and a son with one telephone and a mailbox each, and a neighbor."""
    shop.add("mum", phone_e164="+8613900000000", email="mum@example.com")
    shop.add("son", phone_e164="+8613900000000", email="son@example.com")
    shop.add("neighbor")


@pytest.mark.parametrize(
    ("messages", "outcome", "reason"),
    [
        # customer, days ago, medium, status
        ([("mum", 1, "sms", "sent"), ("mum", 2, "sms", "sent")], "over_cap", "2 messages in 7 days to the phone, which others have too"),
        ([("mum", 1, "sms", "sent"), ("son", 2, "sms", "sent")], "over_cap", "2 messages in 7 days to the phone, which others have too"),
        ([("son", 1, "sms", "sent"), ("son", 2, "sms", "sent")], "over_cap", "2 messages in 7 days"),
        ([("mum", 1, "sms", "sent")], "exported", None),
        ([("mum", 1, "email", "sent"), ("mum", 2, "sms", "sent")], "exported", None),  # her mailbox is her own
        ([("mum", 6, "sms", "sent"), ("mum", 1, "sms", "sent")], "exported", None),
        ([("mum", 1, "sms", "bounced"), ("mum", 2, "sms", "sent")], "exported", None),
        ([("neighbor", 1, "sms", "sent"), ("neighbor", 2, "sms", "sent")], "exported", None),
    ],
)
def test_a_telephone_of_several_people_has_a_cap_of_its_own(
    shop: Shop, messages: list[tuple[str, int, str, str]], outcome: str, reason: str | None
) -> None:
    shared_phone(shop)
    for customer, days, medium, status in messages:
        report(shop, customer, days, medium=medium, status=status)
    ours = segment(where="customer_id = 'son'", columns=("customer_id",))
    assert shop.decide(ours)["all_sms", "son"][:2] == (outcome, reason)


def test_messages_of_service_go_to_a_shared_telephone_whatever_came_before(shop: Shop) -> None:
    shared_phone(shop)
    for days in (1, 2):
        report(shop, "mum", days)
    found = shop.decide(segment("survey", purpose="service", where="customer_id = 'son'", columns=("customer_id",)))
    assert found["survey", "son"][0] == "exported"


@pytest.mark.parametrize("status", ["bounced", "failed"])
def test_a_message_that_did_not_arrive_is_none(shop: Shop, status: str) -> None:
    shop.add("ann")
    for days in (1, 2):
        shop.sent(days, "ann")
        report(shop, "ann", days - 1, "earlier", status=status)
    assert shop.decide(segment())["all_sms", "ann"][0] == "exported"


def test_a_list_sent_late_counts_from_when_it_was_sent(shop: Shop) -> None:
    shop.add("ann")
    shop.sent(8, "ann")
    report(shop, "ann", 5, "earlier")
    shop.sent(2, "ann")
    assert shop.decide(segment())["all_sms", "ann"][0] == "over_cap"
