"""What event streams of Google Analytics and RudderStack become, row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.canonical import canonical, points
from tests.channels.lake import home_with, load, rows
from tests.channels.world import GA4_MICROS, GA4_PURCHASE, MESSAGE, ga4_param, json_lines

AT = datetime(2026, 3, 5, 1, 5, 0, 123456, tzinfo=UTC)


def test_ga4_purchase(tmp_path: Path) -> None:
    found = canonical(tmp_path, "events_20260305.json", json_lines(GA4_PURCHASE), "ga4_export")
    assert found["channel_events"] == [
        {
            "channel": "ga4",
            "event_key": f"ga4:{GA4_MICROS}/purchase/12/2/1",
            "event_name": "order_completed",
            "event_name_channel": "purchase",
            "source_record_key": "ga4:7001",
            "anonymous_id": "99.88",
            "occurred_at": AT,
            "product_id_channel": "SC-1",
            "product_category": "Knitwear",
            "quantity": Decimal("2.000"),
            "order_no": "1007",
            "currency_code": "EUR",
            "value_amount": Decimal("128.10"),
            "campaign_name": "spring",
            "device_type": "mobile",
        }
    ]
    assert points(found) == [("ga4:7001", "user_id", "site", "7001")]


def test_ga4_events_of_strangers_and_of_several_products(tmp_path: Path) -> None:
    bare = {"event_date": "20260305", "event_timestamp": int(GA4_MICROS), "event_params": [], "user_id": None}
    view = {
        **bare,
        "event_name": "view_item",
        "user_pseudo_id": "99.88",
        "event_params": [ga4_param("value", double_value=12.5), ga4_param("currency", string_value="EUR")],
    } | {"items": [{"item_id": "SC-1"}, {"item_id": "HT-2"}]}
    custom = {**bare, "event_name": "spin_wheel", "user_pseudo_id": None, "items": []}
    found = canonical(tmp_path, "events_20260305.json", json_lines(view, custom), "ga4_export")
    viewed, other = found["channel_events"]
    assert (viewed["event_name"], viewed["source_record_key"], viewed["value_amount"]) == (
        "product_viewed",
        "ga4:anon/99.88",
        Decimal("12.50"),
    )
    assert "product_id_channel" not in viewed, "an event about two products names none"
    assert (other["event_name"], other["event_name_channel"]) == ("other", "spin_wheel")
    assert "source_record_key" not in other, "without consent it is nobody's"
    assert "channel_contact_points" not in found


def test_ga4_event_whose_shape_breaks_is_set_aside_alone(tmp_path: Path) -> None:
    odd = [
        {**GA4_PURCHASE, "event_params": "none"},
        {**GA4_PURCHASE, "items": {"item_id": "1"}},
        {**GA4_PURCHASE, "event_timestamp": "1e15"},
    ]
    home = home_with(tmp_path, {"events_20260305.json": json_lines(GA4_PURCHASE, *odd)})
    load(home)
    assert (len(rows(home, "channel_events")), len(rows(home, "channel_quarantine"))) == (1, 3)


def test_rudderstack_event(tmp_path: Path) -> None:
    track = {**MESSAGE, "type": "track", "event": "Order Completed", "properties": {"order_id": "1007", "total": 128.1, "currency": "EUR"}}
    found = canonical(tmp_path, "2026-03-07/r.jsonl", json_lines(track), "segment_track")
    assert found["channel_events"] == [
        {
            "channel": "segment",
            "event_key": "segment:m1",
            "event_name": "order_completed",
            "event_name_channel": "Order Completed",
            "source_record_key": "segment:7001",
            "anonymous_id": "a-1",
            "occurred_at": AT,
            "order_no": "1007",
            "currency_code": "EUR",
            "value_amount": Decimal("128.10"),
        }
    ]
    assert points(found) == [
        ("segment:7001", "email", "global", "ali@example.com"),
        ("segment:7001", "phone", "global", "+491700000001"),
        ("segment:7001", "user_id", "site", "7001"),
    ]


def test_identify_becomes_a_profile(tmp_path: Path) -> None:
    traits = {"firstName": "Ali", "lastName": "Pear", "gender": "F", "birthday": "1990-02-03T00:00:00Z"}
    known = {**MESSAGE, "type": "identify", "traits": traits}
    odd = {
        **MESSAGE,
        "messageId": "m2",
        "type": "identify",
        "userId": "7002",
        "traits": {"name": "Bo", "gender": "?", "birthday": "1990-02-31"},
    }
    found = canonical(tmp_path, "2026-03-07/s.jsonl", json_lines(known, odd), "segment_track")
    seen = {"channel": "segment", "first_seen_at": AT, "last_seen_at": AT}
    assert found["channel_profiles"] == [
        {**seen, "source_record_key": "segment:7001", "full_name": "Ali Pear", "gender": "female", "birth_on": date(1990, 2, 3)},
        {**seen, "source_record_key": "segment:7002", "full_name": "Bo"},
    ]
    assert [row["event_name"] for row in found["channel_events"]] == ["identified", "identified"]
