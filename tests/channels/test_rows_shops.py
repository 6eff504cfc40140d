"""What the exports of international tills and shops become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.canonical import canonical, csv, points
from tests.channels.lake import home_with, load, rows
from tests.channels.world import SQUARE, WOO

SOLD = datetime(2026, 3, 5, 15, 5, 9, tzinfo=UTC)  # 10:05:09 in New York, before summer time
HAT = {**SQUARE, "Item": "Hat", "Qty": "1.0", "Price Point Name": "Regular", "SKU": "'00123", "Gross Sales": "$10.00"} | {
    "Discounts": "$0.00",
    "Net Sales": "$10.00",
    "Tax": "$0.00",
}
BACK = {**HAT, "Event Type": "Refund", "Qty": "-1.0", "Gross Sales": "-$10.00", "Net Sales": "-$10.00", "Time": "11:05:09"}


def test_square_items(tmp_path: Path) -> None:
    found = canonical(tmp_path, "items-2026-03-01-2026-03-07.csv", csv([SQUARE, HAT, HAT, BACK]), "square_items")
    person = {"channel": "square", "source_record_key": "square:SQ7"}
    sale, back = found["channel_orders"]
    assert sale == {
        **person,
        "order_key": "square:tx1",
        "order_no": "tx1",
        "order_type": "sale",
        "status": "completed",
        "store_id_channel": "Main St",
        "ordered_at": SOLD,
        "paid_at": SOLD,
        "completed_at": SOLD,
        "currency_code": "CNY",
        "gross_amount": Decimal("1260.00"),
        "discount_amount": Decimal("40.00"),
        "paid_amount": Decimal("1280.00"),
        "is_refund_inferred": False,
        "item_quantity": Decimal("4.000"),
        "payment_no": "pay1",
    }
    assert (back["order_key"], back["order_type"], back["paid_amount"], back["item_quantity"]) == (
        "square:tx1/refund",
        "return",
        Decimal("-10.00"),
        Decimal("-1.000"),
    )
    assert [
        (row["line_key"], row["product_name"], row["product_id_channel"], row["quantity"], row["line_amount"])
        for row in found["channel_order_lines"]
    ] == [
        ("square:tx1/1", "Scarf - Red", "SC-1", Decimal(2), Decimal("1200.00")),
        ("square:tx1/2", "Hat", "00123", Decimal(1), Decimal("10.00")),
        ("square:tx1/3", "Hat", "00123", Decimal(1), Decimal("10.00")),
        ("square:tx1/refund/1", "Hat", "00123", Decimal(-1), Decimal("-10.00")),
    ], "the same article twice is two lines"
    assert points(found) == [("square:SQ7", "platform_account", "square", "SQ7")]
    assert found["channel_profiles"][0]["full_name"] == "Ali Pear"


@pytest.mark.parametrize(
    ("day", "zone", "expected"),
    [
        ("2026-03-05", "Eastern Time (US & Canada)", SOLD),
        ("2026-07-05", "Eastern Time (US & Canada)", datetime(2026, 7, 5, 14, 5, 9, tzinfo=UTC)),
        ("03/05/2026", "Tokyo", datetime(2026, 3, 5, 1, 5, 9, tzinfo=UTC)),
        ("03/05/26", "Europe/Berlin", datetime(2026, 3, 5, 9, 5, 9, tzinfo=UTC)),
        ("2026-03-05", "Nuku'alofa", datetime(2026, 3, 4, 21, 5, 9, tzinfo=UTC)),
    ],
)
def test_square_day_time_and_zone_are_one_instant(tmp_path: Path, day: str, zone: str, expected: datetime) -> None:
    found = canonical(tmp_path, "items.csv", csv([{**SQUARE, "Date": day, "Time Zone": zone}]), "square_items")
    assert found["channel_orders"][0]["ordered_at"] == expected


@pytest.mark.parametrize("zone", ["Middle Earth", "../../etc/passwd", "EST5EDT", ""])
def test_square_zone_that_is_none_is_set_aside(tmp_path: Path, zone: str) -> None:
    home = home_with(tmp_path, {"items.csv": csv([SQUARE, {**SQUARE, "Time Zone": zone, "Transaction ID": "tx2"}])})
    load(home)
    assert [row["column_name"] for row in rows(home, "channel_quarantine")] == ["Date"]
    assert len(rows(home, "channel_orders")) == 1


def test_woo_orders(tmp_path: Path) -> None:
    whole = {**WOO, "Order #": "1008", "Status": "refunded", "N. Revenue": "50"}
    part = {**WOO, "Order #": "1009", "N. Revenue": "80"}
    back = {**part, "Status": "refunded", "N. Revenue": "-30", "Items sold": "-1", "Date": "2026-03-06 09:05:00"}
    unpaid = {**WOO, "Order #": "1010", "Status": "On hold"}
    found = canonical(tmp_path, "orders-2026-03-07.csv", csv([WOO, whole, part, back, unpaid]), "woo_orders")
    ordered = datetime(2026, 3, 5, 1, 5, tzinfo=UTC)
    assert found["channel_orders"][0] == {
        "channel": "woo",
        "order_key": "woo:1007",
        "order_no": "1007",
        "order_type": "sale",
        "status": "completed",
        "ordered_at": ordered,
        "currency_code": "CNY",
        "paid_amount": Decimal("2999.00"),
        "is_refund_inferred": False,
        "item_quantity": Decimal("3.000"),
        "coupon_code": "SPRING",
    }, "the configured zone is the shop's"
    assert [
        (row["order_no"], row["status"], row.get("paid_amount"), row.get("refunded_amount"), row["is_refund_inferred"])
        for row in found["channel_orders"][1:]
    ] == [
        ("1008", "refunded", Decimal("50.00"), Decimal("50.00"), True),
        ("1009", "completed", Decimal("80.00"), None, False),
        ("1010", "unpaid", None, None, False),
    ]
    assert [(row["order_no"], row["refunded_amount"], row["refunded_at"]) for row in found["channel_refunds"]] == [
        ("1009", Decimal("30.00"), datetime(2026, 3, 6, 1, 5, tzinfo=UTC))
    ]
    assert "channel_profiles" not in found and "channel_contact_points" not in found, "a name is nobody"
