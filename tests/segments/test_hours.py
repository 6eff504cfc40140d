"""The gate between two nights: one message a day and one reminder a cart, whoever decided before; and the night after knows of it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.hours import Hour, hour_at, hour_name
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import decided_path, previously_published
from pipelines.contracts.segments import Segment
from pipelines.segments import decide_memberships
from tests.segments.shop import DAY, OPEN, Shop, segment

CART = segment("cart", cadence="hourly", priority=1)
NEXT = DAY + timedelta(days=1)


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    shop = Shop(tmp_path, config=OPEN)
    for name in ("ann", "bob"):
        shop.add(name)
    return shop


def hour_of(shop: Shop, clock: int, *, night_ago: int = 0) -> Run:
    """Of the day after DAY, at a full hour in China; after the night of DAY, or an earlier one."""
    at = datetime(NEXT.year, NEXT.month, NEXT.day, tzinfo=UTC) + timedelta(hours=clock - 8)
    return replace(shop.run(NEXT), hour=Hour(at, DAY - timedelta(days=night_ago)))


def decide(run: Run, *segments: Segment) -> dict[str, tuple[str, str | None]]:
    """Customer -> outcome and reason, of the first segment."""
    decide_memberships(run, segments)
    rows = pl.read_parquet(decided_path(run), hive_partitioning=False)
    assert set(rows["list_name"]) <= {run.moment}
    return {row["customer_id"]: (row["outcome"], row["reason"]) for row in rows.filter(segment_name=segments[0].name).to_dicts()}


def test_who_is_on_a_list_of_the_night_gets_no_second_message_that_day(shop: Shop) -> None:
    shop.sent(0, "ann", name="other")
    found = decide(hour_of(shop, 10), CART)
    assert found["ann"] == ("lost_priority", f"on the list of other of {DAY} already")
    assert found["bob"] == ("exported", None)


def test_held_out_of_a_list_of_the_day_is_as_good_as_on_it(shop: Shop) -> None:
    shop.sent(0, "ann", outcome="held_out", name="other")
    assert decide(hour_of(shop, 10), CART)["ann"][0] == "lost_priority"


def test_nobody_is_on_two_lists_of_a_day_by_a_phone_that_two_share(shop: Shop) -> None:
    shop.add("eve", phone_e164="+8613800000000")  # ann's
    shop.sent(0, "ann", name="other")
    assert decide(hour_of(shop, 10), CART)["eve"] == ("lost_priority", "the phone is on a list of the day already")


def test_an_hour_reminds_nobody_whom_an_hour_before_has_reminded(shop: Shop) -> None:
    assert decide(hour_of(shop, 10), CART)["ann"] == ("exported", None)
    shop.add("cat")
    found = decide(hour_of(shop, 11), CART)
    assert found["ann"] == ("over_cap", "on this list of 2026-03-11T1000 already")
    assert found["cat"] == ("exported", None)
    assert decide(hour_of(shop, 10), CART)["ann"] == ("exported", None), "decided again, an hour knows only what was before it"


def test_the_night_after_counts_the_messages_of_its_hours(shop: Shop) -> None:
    decide(hour_of(shop, 10), CART)
    shop.sent(3, "ann", name="other")
    nightly = shop.decide(CART, segment("news", priority=2), day=NEXT)
    assert nightly["cart", "bob"][:2] == ("over_cap", "on this list of 2026-03-11T1000 already")
    assert nightly["news", "bob"][0] == "exported"
    assert nightly["news", "ann"][:2] == ("over_cap", "2 messages in 7 days")
    ledger = pl.read_parquet(shop.root / "lake" / "contact_ledger" / "part-0.parquet")
    of_hour = ledger.filter(pl.col("message_key").str.starts_with("2026-03-11T1000/")).select("sent_on", "listed_on", "segment_name").rows()
    assert of_hour == [(NEXT, NEXT, "cart")] * 2


def test_a_report_of_the_same_day_is_of_the_hours_message(shop: Shop) -> None:
    decide(hour_of(shop, 10), CART)
    shop.sends.append({"customer_id": "ann", "campaign_key": "sms:cart", "counted_on": NEXT})
    shop.decide(CART, day=NEXT)
    ledger = pl.read_parquet(shop.root / "lake" / "contact_ledger" / "part-0.parquet")
    assert sorted(ledger["told_by"].to_list()) == ["both", "list"]


def test_an_hour_after_midnight_that_came_before_the_night_counts_for_its_day(shop: Shop) -> None:
    """The night of DAY is decided at half past two of NEXT; a list of one o'clock is one of NEXT already."""
    decide(hour_of(shop, 1, night_ago=1), CART)
    nightly = shop.decide(segment("news"))
    assert nightly["news", "ann"][0] == "lost_priority"
    assert decide(hour_of(shop, 10), CART)["ann"][0] == "over_cap"


def test_a_night_that_is_decided_again_does_not_know_of_its_hours(shop: Shop) -> None:
    before = shop.decide(CART)
    decide(hour_of(shop, 10), CART)
    assert shop.decide(CART) == before


def test_the_list_before_is_the_one_that_was_published_before_in_the_order_of_deciding(shop: Shop) -> None:
    shop.sent(0, "ann", name="cart")
    decide(hour_of(shop, 10), CART)
    for name in (str(DAY), "2026-03-11T1000"):
        folder = hour_of(shop, 11).home.segments(name) / "cart"
        folder.mkdir(parents=True)
        (folder / "manifest.json").write_text("{}")
    assert previously_published(hour_of(shop, 10), "cart") == str(DAY)
    assert previously_published(hour_of(shop, 11), "cart") == "2026-03-11T1000"
    assert previously_published(shop.run(NEXT), "cart") == "2026-03-11T1000"
    assert previously_published(shop.run(DAY), "cart") is None


@pytest.mark.parametrize("zone", ["Asia/Shanghai", "Europe/Berlin", "America/New_York"])
def test_every_minute_of_a_year_has_one_name(zone: str) -> None:
    minutes = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=7 * number) for number in range(365 * 24 * 60 // 7)]
    names = [hour_name(at, zone) for at in minutes]
    assert len(set(names)) == len(names)
    assert [hour_at(name, zone) for name in names] == minutes
