"""What Pospal tickets become, row by row: one JSON document, items inside tickets."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.canonical import canonical, points
from tests.channels.lake import home_with, load, loads, rows
from tests.channels.world import SCARF, TEA, pospal, pospal_ticket

SOLD = datetime(2026, 3, 5, 1, 5, tzinfo=UTC)


def test_pospal_ticket(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-07/t.json", pospal(pospal_ticket("202603050905001", [SCARF, TEA])), "pospal_ticket")
    assert found["channel_orders"] == [
        {
            "channel": "pospal",
            "order_key": "pospal:202603050905001",
            "order_no": "202603050905001",
            "order_type": "sale",
            "status": "completed",
            "source_record_key": "pospal:987654321098765432",
            "ordered_at": SOLD,
            "paid_at": SOLD,
            "completed_at": SOLD,
            "currency_code": "CNY",
            "gross_amount": Decimal("131.10"),
            "discount_amount": Decimal("10.00"),
            "paid_amount": Decimal("121.10"),
            "is_refund_inferred": False,
            "item_quantity": Decimal("2.125"),
            "payment_method": "payCode_11",
        }
    ]
    assert [
        (row["line_key"], row["product_id_channel"], row["quantity"], row["line_amount"], row["discount_amount"])
        for row in found["channel_order_lines"]
    ] == [
        ("pospal:202603050905001/1", "1234567890123456789", Decimal("2.000"), Decimal("110.00"), Decimal("10.00")),
        ("pospal:202603050905001/2", "1234567890123456790", Decimal("0.125"), Decimal("11.10"), Decimal("0.00")),
    ], "19 digits are kept"
    assert points(found) == [("pospal:987654321098765432", "member_id", "pospal", "987654321098765432")]


def test_pospal_returns_voids_strangers_and_empty_tickets(tmp_path: Path) -> None:
    found = canonical(
        tmp_path,
        "2026-03-07/t.json",
        pospal(
            pospal_ticket("1", [SCARF, SCARF], customerUid=0),
            pospal_ticket("2", [SCARF], ticketType="SELL_RETURN", totalAmount=110.0),
            pospal_ticket("3", [SCARF], invalid=1),
            pospal_ticket("4", [], totalAmount=0),
        ),
        "pospal_ticket",
    )
    names = ("order_no", "order_type", "status", "paid_amount", "item_quantity")
    assert [tuple(row.get(name) for name in names) for row in sorted(found["channel_orders"], key=lambda row: row["order_no"])] == [
        ("1", "sale", "completed", Decimal("121.10"), Decimal("4.000")),
        ("2", "return", "completed", Decimal("-110.00"), Decimal("-2.000")),
        ("3", "sale", "cancelled", None, Decimal("2.000")),
        ("4", "sale", "completed", Decimal("0.00"), None),
    ]
    assert "source_record_key" not in found["channel_orders"][0]
    assert [(row["line_key"], row["quantity"]) for row in found["channel_order_lines"]] == [
        ("pospal:1/1", Decimal(2)),
        ("pospal:1/2", Decimal(2)),
        ("pospal:2/1", Decimal(-2)),
    ]


def test_ticket_with_one_item_at_fault_is_set_aside_whole(tmp_path: Path) -> None:
    """Loaded without it, the ticket would say that less was sold."""
    home = home_with(
        tmp_path, {"t.json": pospal(pospal_ticket("1", [SCARF, {**TEA, "quantity": "much"}, SCARF]), pospal_ticket("2", [SCARF]))}
    )
    load(home)
    assert [(row["column_name"], row["value"]) for row in rows(home, "channel_quarantine")] == [("items.quantity", "much")]
    assert {row["order_no"] for row in rows(home, "channel_orders")} == {"2"}
    assert len(rows(home, "channel_order_lines")) == 1
    ledger = loads(home)["t.json"]
    assert (ledger["line_count"], ledger["loaded_count"], ledger["quarantined_count"]) == (2, 1, 1)
