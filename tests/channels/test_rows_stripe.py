"""What the two generations of Stripe's payment export become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.canonical import canonical, csv, points
from tests.channels.lake import home_with, load, rows

PAID, REFUNDED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)
NEW = {
    "id": "ch_1",
    "Created date (UTC)": "2026-03-05 01:05:00",
    "Amount": "1,128.50",
    "Amount Refunded": "28.50",
    "Currency": "eur",
    "Captured": "TRUE",
    "Fee": "1.95",
    "Refunded date (UTC)": "2026-03-09 08:00:00",
    "Status": "Partially Refunded",
    "Customer ID": "cus_7",
    "Customer Email": "Ali@example.com",
    "Customer Phone": "'+491700000001",
    "Card Brand": "Visa",
    "order_id (metadata)": "1007",
}
OLD = {
    "id": "ch_1",
    "Description": "Order, red",
    "Seller Message": "",
    "Created (UTC)": "2026-03-05 01:05",
    "Amount": "128.50",
    "Amount Refunded": "128.50",
    "Currency": "usd",
    "Fee": "4.03",
    "Status": "Refunded",
    "Customer ID": "",
    "Customer Email": "Ali@example.com",
    "Captured": "true",
    "Card Brand": "Visa",
}


def test_stripe_payments(tmp_path: Path) -> None:
    failed = {**NEW, "id": "ch_2", "Status": "Failed", "Amount Refunded": "0.00", "Refunded date (UTC)": ""}
    found = canonical(tmp_path, "2026-03-10/unified_payments.csv", samples_crlf([NEW, failed]), "stripe_payments")
    person = {"channel": "stripe", "source_record_key": "stripe:cus_7"}
    assert found["channel_payments"] == [
        {
            **person,
            "payment_key": "stripe:ch_1",
            "payment_no": "ch_1",
            "merchant_order_no": "1007",
            "status": "succeeded",
            "paid_at": PAID,
            "currency_code": "EUR",
            "paid_amount": Decimal("1128.50"),
            "fee_amount": Decimal("1.950000"),
            "payment_method": "Visa",
        }
    ], "a charge that failed moved no money"
    assert found["channel_refunds"] == [
        {
            **person,
            "refund_key": "stripe:ch_1/refund",
            "refund_no": "ch_1/refund",
            "payment_no": "ch_1",
            "order_no": "1007",
            "status": "succeeded",
            "refunded_at": REFUNDED,
            "currency_code": "EUR",
            "refunded_amount": Decimal("28.50"),
        }
    ]
    assert points(found) == [
        ("stripe:cus_7", "email", "global", "Ali@example.com"),
        ("stripe:cus_7", "phone", "global", "+491700000001"),
        ("stripe:cus_7", "platform_account", "stripe", "cus_7"),
    ]


def samples_crlf(table: list[dict[str, str]]) -> str:
    return csv(table).replace("\n", "\r\n")


def test_stripe_charges_of_the_old_generation(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-10/payments.csv", csv([OLD]), "stripe_charges")
    assert [(row["currency_code"], row["paid_amount"], row["source_record_key"]) for row in found["channel_payments"]] == [
        ("USD", Decimal("128.50"), "stripe:ali@example.com")
    ]
    assert [(row["refunded_amount"], row["refunded_at"]) for row in found["channel_refunds"]] == [(Decimal("128.50"), PAID)]


def test_stripe_status_that_nobody_knows_is_set_aside(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"p.csv": csv([NEW, {**NEW, "id": "ch_3", "Status": "Reversed"}])})
    load(home)
    assert [(row["column_name"], row["value"]) for row in rows(home, "channel_quarantine")] == [("Status", "reversed")]
