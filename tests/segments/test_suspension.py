"""Who is written to no more: by what channels report of an address or a person, and after messages without an answer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.segments.shop import DAY, OPEN, Shop, phone, segment

AT = datetime(2026, 2, 1, tzinfo=UTC)
LATER = AT + timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """Ann and Bob share a phone; Ann has an e-mail, too, and agreed to everything."""
    shop = Shop(tmp_path)
    shop.add("ann", phone_e164=phone(1), email="ann@example.com")
    shop.consents.append(("ann", "ann@example.com", "email", "granted"))
    shop.add("bob", phone_e164=phone(1))
    shop.add("cat")
    return shop


def reported(shop: Shop, status: str, **values: Any) -> None:
    """A row of a channel's report of a message, to Ann's phone unless told otherwise."""
    row = {"send_key": f"sms:{len(shop.reports)}", "source_record_key": "pos:ann", "medium": "sms", "contact_value_raw": "138 0000 0001"}
    shop.reports.append(row | {"status": status, "sent_at": AT} | values)


def stopped(shop: Shop) -> dict[tuple[str, str], str | None]:
    """Whom the suppression stops: (segment, customer) -> reason."""
    found = shop.decide(segment("text"), segment("mail", channel="email"), segment("survey", purpose="service"))
    return {key: reason for key, (outcome, reason, _) in found.items() if outcome == "suppressed"}


def test_a_phone_that_bounced_is_dead_for_all_who_share_it_and_for_service(shop: Shop) -> None:
    reported(shop, "bounced")
    reason = "bounce, the phone"
    assert stopped(shop) == {("text", "ann"): reason, ("text", "bob"): reason, ("survey", "ann"): reason, ("survey", "bob"): reason}


def test_a_phone_at_which_a_later_message_arrived_is_alive(shop: Shop) -> None:
    reported(shop, "bounced")
    reported(shop, "delivered", sent_at=LATER, delivered_at=LATER)
    assert stopped(shop) == {}


def test_an_earlier_arrival_proves_nothing(shop: Shop) -> None:
    reported(shop, "delivered", sent_at=AT - timedelta(days=9), delivered_at=AT - timedelta(days=9))
    reported(shop, "bounced")
    assert ("text", "ann") in stopped(shop)


def test_a_failed_message_says_nothing_of_the_phone(shop: Shop) -> None:
    reported(shop, "failed")
    assert stopped(shop) == {}


def test_who_unsubscribes_from_one_medium_gets_no_marketing_by_it(shop: Shop) -> None:
    reported(shop, "unsubscribed", medium="email", contact_value_raw="Ann@Example.com", channel="mail")
    assert stopped(shop) == {("mail", "ann"): "unsubscribed, the email"}


def test_a_grant_given_to_the_same_channel_later_lifts_it(shop: Shop) -> None:
    mail = {"medium": "email", "contact_value_raw": "ann@example.com", "channel": "mail"}
    reported(shop, "unsubscribed", **mail)
    stated = {"source_record_key": "mail:1", "contact_type": "email", "purpose": "marketing", "status": "granted", "last_seen_at": LATER}
    shop.statements.append({**mail, **stated, "first_seen_at": AT - timedelta(days=1)})
    shop.statements.append({**mail, **stated, "first_seen_at": LATER, "channel": "shop"})
    assert ("mail", "ann") in stopped(shop), "an old grant that is told again, and one of another channel, are no new ones"
    shop.statements.append({**mail, **stated, "first_seen_at": LATER})
    assert stopped(shop) == {}


def test_who_complains_about_one_medium_is_left_alone_on_all(shop: Shop) -> None:
    reported(shop, "complained", medium="email", contact_value_raw="ann@example.com")
    assert stopped(shop) == dict.fromkeys([("text", "ann"), ("mail", "ann"), ("survey", "ann")], "complaint, the person")


def test_a_report_without_an_address_is_about_the_person(shop: Shop) -> None:
    reported(shop, "unsubscribed", contact_value_raw=None)
    assert stopped(shop) == {("text", "ann"): "unsubscribed, the person"}


def test_a_report_that_the_run_may_not_see_yet_changes_nothing(shop: Shop) -> None:
    reported(shop, "bounced", sent_at=datetime(2026, 3, 11, tzinfo=UTC))
    reported(shop, "bounced", _exported_at=datetime(2026, 3, 12, tzinfo=UTC))
    assert stopped(shop) == {}


def unanswered(shop: Shop, count: int, customer: str = "cat", first_days_ago: int = 40) -> None:
    for number in range(count):
        on = DAY - timedelta(days=first_days_ago - number)
        shop.sends.append({"customer_id": customer, "counted_on": on, "send_key": f"{customer}/{on}"})


@pytest.mark.parametrize(("count", "is_stopped"), [(5, False), (6, True), (9, True)])
def test_messages_without_an_answer_stop_marketing_and_not_service(shop: Shop, count: int, is_stopped: bool) -> None:
    unanswered(shop, count)
    assert stopped(shop) == ({("text", "cat"): f"{count} messages without an answer"} if is_stopped else {})


@pytest.mark.parametrize(("days_ago", "is_stopped"), [(41, True), (40, False), (20, False)])
def test_a_visit_or_purchase_on_the_day_of_a_message_or_later_answers_it(shop: Shop, days_ago: int, is_stopped: bool) -> None:
    unanswered(shop, 6)
    shop.customers["cat"]["last_active_on"] = DAY - timedelta(days=days_ago)
    assert bool(stopped(shop)) is is_stopped


@pytest.mark.parametrize("column", ["opened_at", "clicked_at"])
def test_an_open_or_a_click_answers_all_before_it(shop: Shop, column: str) -> None:
    unanswered(shop, 7)
    shop.sends[1][column] = datetime(2026, 2, 5, tzinfo=UTC)
    assert stopped(shop) == {}


def test_our_own_lists_count_once_with_their_reports_and_what_did_not_arrive_does_not(shop: Shop) -> None:
    for days in range(30, 36):
        shop.sent(days, "cat")
        status = "failed" if days == 30 else "delivered"
        shop.sends.append(
            {"customer_id": "cat", "counted_on": DAY - timedelta(days=days - 1), "campaign_key": "sms:earlier", "status": status}
        )
    assert stopped(shop) == {}
    shop.sent(20, "cat")
    assert stopped(shop) == {("text", "cat"): "6 messages without an answer"}


def test_it_holds_until_the_customer_acts_however_long_ago_the_messages_are(shop: Shop) -> None:
    unanswered(shop, 6, first_days_ago=2000)
    assert ("text", "cat") in stopped(shop)


def test_without_a_number_nobody_is_stopped(shop: Shop) -> None:
    shop.config = OPEN.model_copy(update={"stop_after_unanswered": None})
    unanswered(shop, 50, first_days_ago=90)
    assert stopped(shop) == {}
