"""What text message receipts and mailing exports become, row by row."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.channels.canonical import canonical, csv, points
from tests.channels.lake import home_with, load, loads, rows
from tests.channels.world import MAILCHIMP_MEMBER, RECEIPT

SENT, REPORTED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, 1, 5, 9, tzinfo=UTC)
DAY_END = datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)


def test_sms_receipts(tmp_path: Path) -> None:
    lost = {**RECEIPT, "phone_number": "13800000002", "success": False, "err_code": "MK:0001"}
    waiting = {**RECEIPT, "phone_number": "13800000003", "success": None, "report_time": None}
    found = canonical(tmp_path, "2026-03-07/r.json", json.dumps([RECEIPT, lost, waiting], indent=1), "sms_report_aliyun")
    assert found["channel_sends"] == [
        {
            "channel": "sms",
            "send_key": "sms:900619^0/958604/1",
            "campaign_no": "SMS7",
            "source_record_key": "sms:13800000001",
            "medium": "sms",
            "contact_value_raw": "13800000001",
            "status": "delivered",
            "sent_at": SENT,
            "delivered_at": REPORTED,
        },
        {
            "channel": "sms",
            "send_key": "sms:900619^0/958605/1",
            "campaign_no": "SMS7",
            "source_record_key": "sms:13800000002",
            "medium": "sms",
            "contact_value_raw": "13800000002",
            "status": "failed",
            "sent_at": SENT,
        },
        {
            "channel": "sms",
            "send_key": "sms:900619^0/958606/1",
            "campaign_no": "SMS7",
            "source_record_key": "sms:13800000003",
            "medium": "sms",
            "contact_value_raw": "13800000003",
            "status": "sent",
            "sent_at": SENT,
        },
    ]
    assert points(found)[0] == ("sms:13800000001", "phone", "global", "13800000001")


def test_sms_receipt_at_fault_is_quarantined_with_its_place(tmp_path: Path) -> None:
    wrong = {**RECEIPT, "send_time": "soon"}
    home = home_with(tmp_path, {"r.json": json.dumps([RECEIPT, wrong, 7, {**RECEIPT, "biz_id": "2"}])})
    load(home)
    assert [(row["reason"], row.get("column_name")) for row in rows(home, "channel_quarantine")] == [
        ("cell is no time as the contract spells it, or one that the clock skipped", "send_time"),
        ("record does not begin with the mark that every record begins with", None),
    ]
    assert json.loads(rows(home, "channel_quarantine")[0]["record_raw"]) == wrong
    assert (loads(home)["r.json"]["line_count"], loads(home)["r.json"]["loaded_count"]) == (4, 2)


def activity(action: str, at: str, **more: Any) -> dict[str, Any]:
    return {
        "campaign_id": "C7",
        "list_id": "a1",
        "list_is_active": True,
        "email_id": "5d41402a",
        "email_address": "Ali@example.com",
        "action": action,
        "type": None,
        "timestamp": at,
        "ip": "203.0.113.7",
        "url": None,
        **more,
    }


def test_mailchimp_activity(tmp_path: Path) -> None:
    opened, clicked = "2026-03-05T01:05:00+00:00", "2026-03-05T01:05:09+00:00"
    lines = [
        activity("open", opened),
        activity("click", clicked, url="https://shop.example/a"),
        activity("click", clicked, url="https://shop.example/b"),
        activity("bounce", opened, email_id="7d79", email_address="gone@example.com", type="hard"),
    ]
    found = canonical(tmp_path, "2026-03-07/a.jsonl", "".join(json.dumps(line) + "\n" for line in lines), "mailchimp_activity")
    assert found["channel_sends"] == [
        {
            "channel": "mailchimp",
            "send_key": "mailchimp:C7/5d41402a",
            "campaign_no": "C7",
            "source_record_key": "mailchimp:5d41402a",
            "medium": "email",
            "contact_value_raw": "Ali@example.com",
            "status": "clicked",
            "opened_at": SENT,
            "clicked_at": REPORTED,
        },
        {
            "channel": "mailchimp",
            "send_key": "mailchimp:C7/7d79",
            "campaign_no": "C7",
            "source_record_key": "mailchimp:7d79",
            "medium": "email",
            "contact_value_raw": "gone@example.com",
            "status": "bounced",
        },
    ]
    events = found["channel_events"]
    assert [(row["event_name"], row["occurred_at"]) for row in events] == [
        ("email_opened", SENT),
        ("email_clicked", REPORTED),
        ("email_clicked", REPORTED),
    ]
    assert len({row["event_key"] for row in events}) == 3
    assert points(found) == [
        ("mailchimp:5d41402a", "email", "global", "Ali@example.com"),
        ("mailchimp:7d79", "email", "global", "gone@example.com"),
    ]


def test_mailchimp_members(tmp_path: Path) -> None:
    imported = {**MAILCHIMP_MEMBER, "Email Address": "b@example.com", "OPTIN_TIME": "", "CONFIRM_TIME": "", "EUID": "ffff"}
    found = canonical(tmp_path, "2026-03-07/m.csv", csv([MAILCHIMP_MEMBER, imported]), "mailchimp_members")
    seen = {"first_seen_at": DAY_END, "last_seen_at": DAY_END}
    assert found["channel_profiles"][0] == {
        "channel": "mailchimp",
        "source_record_key": "mailchimp:a1b2c3d4e5",
        "full_name": "Ali Pear",
        "country": "de",
        "province": "be",
        "registered_at": REPORTED,
        **seen,
    }
    assert found["channel_consents"] == [
        {
            "channel": "mailchimp",
            "source_record_key": "mailchimp:a1b2c3d4e5",
            "contact_type": "email",
            "contact_value_raw": "ali@example.com",
            "medium": "email",
            "purpose": "marketing",
            "status": "granted",
            **seen,
        }
    ], "somebody who was imported never consented"


def test_mailchimp_unsubscribed_deny_from_the_day_they_left(tmp_path: Path) -> None:
    left = {**MAILCHIMP_MEMBER, "UNSUB_TIME": "2026-03-06 01:05:00", "UNSUB_CAMPAIGN_TITLE": "March", "UNSUB_REASON": "NORMAL"}
    found = canonical(tmp_path, "2026-03-07/m.csv", csv([left]), "mailchimp_unsubscribed")
    (consent,) = found["channel_consents"]
    assert (consent["status"], consent["first_seen_at"]) == ("denied", datetime(2026, 3, 6, 1, 5, tzinfo=UTC))


def test_mailchimp_cleaned_bounced_whatever_campaign_found_them_dead(tmp_path: Path) -> None:
    """The campaign's own activity tells of that bounce: here it is none of a campaign or day, and grants nothing."""
    gone = {**MAILCHIMP_MEMBER, "CLEAN_TIME": "2026-03-06 01:05:00", "CLEAN_CAMPAIGN_TITLE": "March", "CLEAN_CAMPAIGN_ID": "C7"}
    found = canonical(tmp_path, "2026-03-07/m.csv", csv([gone]), "mailchimp_cleaned")
    assert found["channel_sends"] == [
        {
            "channel": "mailchimp",
            "send_key": "mailchimp:cleaned/a1b2c3d4e5",
            "source_record_key": "mailchimp:a1b2c3d4e5",
            "medium": "email",
            "contact_value_raw": "ali@example.com",
            "status": "bounced",
        }
    ]
    assert "channel_consents" not in found
