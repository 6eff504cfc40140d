"""What tickets and the exports of loyalty programs become, row by row."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from tests.channels.canonical import canonical, csv, points
from tests.channels.world import API_TICKET, TICKET

CREATED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC)
DAY_END = datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)
SEEN = {"first_seen_at": CREATED, "last_seen_at": CREATED}


def test_zendesk_csv(tmp_path: Path) -> None:
    fresh = {**TICKET, "Id": "100002", "Status": "New", "Ticket type": "-", "Solved at": "", "Satisfaction Score": "Not Offered"}
    found = canonical(tmp_path, "2026-03-07/t.csv", csv([TICKET, {**fresh, "First reply time in minutes": ""}]), "zendesk_csv")
    record = {"channel": "zendesk", "source_record_key": "zendesk:360000000001"}
    assert found["channel_tickets"] == [
        {
            **record,
            "ticket_key": "zendesk:100001",
            "ticket_no": "100001",
            "status": "solved",
            "ticket_type": "problem",
            "created_at": CREATED,
            "first_replied_at": datetime(2026, 3, 6, 2, 5, tzinfo=UTC),
            "solved_at": datetime(2026, 3, 6, 1, 5, tzinfo=UTC),
            "satisfaction_score": 1,
        },
        {**record, "ticket_key": "zendesk:100002", "ticket_no": "100002", "status": "open", "created_at": CREATED},
    ]
    assert found["channel_profiles"] == [{**record, "full_name": "Ali Pear", **SEEN}]
    assert points(found) == [
        ("zendesk:360000000001", "email", "global", "ali@example.com"),
        ("zendesk:360000000001", "user_id", "site", "7001"),
    ]


def test_loyalty_points(tmp_path: Path) -> None:
    booking = {
        "member_id": "88001",
        "phone": "'13800000001",
        "points_delta": "1,200",
        "reason": "消费积分",
        "occurred_at": "2026-03-05 09:05:00",
        "order_no": "S0001",
    }
    spent = {**booking, "points_delta": "-300", "reason": "积分兑换", "order_no": ""}
    found = canonical(tmp_path, "2026-03-07/p.csv", csv([booking, spent, spent]), "loyalty_points")
    assert found["channel_points"][0] == {
        "channel": "loyalty",
        "points_key": "loyalty:88001/2026-03-05 01:05:00.000000+00:00/earned/1200/S0001/1",
        "source_record_key": "loyalty:88001",
        "points_delta": 1200,
        "reason": "earned",
        "order_no": "S0001",
        "occurred_at": CREATED,
    }
    assert [(row["points_key"][-1], row["points_delta"], row["reason"]) for row in found["channel_points"][1:]] == [
        ("1", -300, "redeemed"),
        ("2", -300, "redeemed"),
    ], "two equal bookings are two"
    assert points(found) == [
        ("loyalty:88001", "member_id", "merchant", "88001"),
        ("loyalty:88001", "phone", "global", "13800000001"),
    ]


def test_loyalty_members(tmp_path: Path) -> None:
    member = {
        "member_id": "88001",
        "registered_at": "2026/3/5 09:05",
        "phone": "13800000001",
        "name": "阿梨",
        "gender": "女",
        "birthday": "1990-02-03",
        "level": "金卡",
        "city": "杭州",
        "store": "0002",
        "accepts_sms": "否",
    }
    silent = {**member, "member_id": "88002", "phone": "", "name": "阿*", "accepts_sms": ""}
    found = canonical(tmp_path, "2026-03-07/m.csv", csv([member, silent]), "loyalty_members")
    seen = {"first_seen_at": DAY_END, "last_seen_at": DAY_END}
    record = {"channel": "loyalty", "source_record_key": "loyalty:88001"}
    assert found["channel_profiles"][0] == {
        **record,
        "full_name": "阿梨",
        "gender": "female",
        "birth_on": date(1990, 2, 3),
        "city": "杭州",
        "registered_at": CREATED,
        "member_level": "金卡",
        "store_id_channel": "0002",
        **seen,
    }
    assert "full_name" not in found["channel_profiles"][1], "a masked name is none"
    assert found["channel_consents"] == [
        {
            **record,
            "contact_type": "phone",
            "contact_value_raw": "13800000001",
            "medium": "sms",
            "purpose": "marketing",
            "status": "denied",
            **seen,
        }
    ]


@pytest.mark.parametrize("shape", ["document", "a ticket a line in a document", "lines"])
def test_zendesk_json(tmp_path: Path, shape: str) -> None:
    word = {**API_TICKET, "id": 100002, "status": "hold", "type": None, "satisfaction_rating": "offered", "metric_set": None}
    bad = {**API_TICKET, "id": 100003, "satisfaction_rating": {"score": "bad"}}
    tickets = [API_TICKET, word, bad]
    whole = {"users": [{"id": 1, "tickets": []}], "tickets": tickets, "next_page": None, "count": 3}
    texts = {
        "document": json.dumps(whole, indent=2),
        "a ticket a line in a document": '{"tickets": [\n' + ",\n".join(map(json.dumps, tickets)) + "\n]}",
        "lines": "".join(json.dumps(item) + "\n" for item in tickets),
    }
    found = canonical(tmp_path, "2026-03-07/t.json", texts[shape], "zendesk_json")
    record = {"channel": "zendesk", "source_record_key": "zendesk:360000000001"}
    assert found["channel_tickets"][0] == {
        **record,
        "ticket_key": "zendesk:100001",
        "ticket_no": "100001",
        "status": "solved",
        "ticket_type": "question",
        "created_at": CREATED,
        "first_replied_at": datetime(2026, 3, 5, 1, 30, tzinfo=UTC),
        "solved_at": datetime(2026, 3, 6, 1, 5, tzinfo=UTC),
        "satisfaction_score": 5,
    }
    assert [(row["status"], row.get("satisfaction_score")) for row in found["channel_tickets"][1:]] == [("pending", None), ("solved", 1)]


def test_zendesk_users(tmp_path: Path) -> None:
    user = {"id": 360000000001, "name": "Ali Pear", "email": "ali@example.com", "phone": None, "role": "end-user"}
    users = [{**user, "external_id": "7001", "created_at": "2026-03-05T01:05:00Z"}, {**user, "id": 2, "role": "agent"}]
    found = canonical(tmp_path, "2026-03-07/u.json", json.dumps({"users": users}), "zendesk_users")
    assert [row["full_name"] for row in found["channel_profiles"]] == ["Ali Pear"], "staff are no customers"
    assert points(found) == [
        ("zendesk:360000000001", "email", "global", "ali@example.com"),
        ("zendesk:360000000001", "user_id", "site", "7001"),
    ]
