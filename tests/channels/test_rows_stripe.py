"""What the two generations of Stripe's payment export become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.canonical import canonical, csv, points
from tests.channels.lake import home_with, load, rows
from tests.channels.world import STRIPE, STRIPE_OLD

PAID, REFUNDED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 9, 8, tzinfo=UTC)


def test_stripe_payments(tmp_path: Path) -> None:
    failed = {**STRIPE, "id": "ch_2", "Status": "Failed", "Amount Refunded": "0.00", "Refunded date (UTC)": ""}
    found = canonical(tmp_path, "2026-03-10/unified_payments.csv", samples_crlf([STRIPE, failed]), "stripe_payments")
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
            "is_refunded_at_inferred": False,
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
    found = canonical(tmp_path, "2026-03-10/payments.csv", csv([STRIPE_OLD]), "stripe_charges")
    assert [(row["currency_code"], row["paid_amount"], row["source_record_key"]) for row in found["channel_payments"]] == [
        ("USD", Decimal("128.50"), "stripe:ali@example.com")
    ]
    refunds = [(row["refunded_amount"], row["refunded_at"], row["is_refunded_at_inferred"]) for row in found["channel_refunds"]]
    assert refunds == [(Decimal("128.50"), PAID, True)], "the old export has no day of the refund"


def test_stripe_status_that_nobody_knows_is_set_aside(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"p.csv": csv([STRIPE, {**STRIPE, "id": "ch_3", "Status": "Reversed"}])})
    load(home)
    assert [(row["column_name"], row["value"]) for row in rows(home, "channel_quarantine")] == [("Status", "reversed")]
