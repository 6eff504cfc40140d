"""Random books of a shop, its tills and its banks: bills that begin late, double payments, wrong amounts, refunds that one side forgot."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.lake import Row, TinyLake, at

FIRST_DAY = date(2024, 1, 1)
CENT = Decimal("0.01")


class Ledgers:
    """The books of one seed, as a lake: `shop` is paid by platforms, `till` and `market` tell of their own money, `mute` has no bill."""

    def __init__(self, seed: int, as_of: date) -> None:
        self.random, self.as_of, self.lake = random.Random(seed), as_of, TinyLake()
        self.days = (as_of - FIRST_DAY).days
        self.lake.add("currency_rates", currency_code="USD", reporting_currency_code="CNY", valid_from_on=FIRST_DAY, rate=Decimal("7.1"))
        self.payments = 0
        for number in range(260):
            self.order(number)
        for _ in range(60):
            self.stray()

    def moment(self) -> datetime:
        return at(FIRST_DAY + timedelta(days=self.random.randint(0, self.days)), self.random.choice((0, 0.01, 11, 23.99)))

    def order(self, number: int) -> None:
        pick = self.random
        channel = pick.choice(("shop", "shop", "shop", "till", "market", "mute"))
        method = {"shop": pick.choice(("app", "app", "card", None))}.get(channel)
        amount = Decimal(pick.choice((0, 1, 2, *range(100, 90_000, 97)))) / 100
        discount = pick.choice((None, Decimal(0), Decimal("5.00")))
        ordered_at = self.moment()
        order = {
            "channel": channel,
            "order_key": f"{channel}:{number}",
            "order_no": f"{number}",
            "order_type": pick.choices(("sale", "return"), (15, 1))[0],
            "ordered_at": ordered_at,
            "paid_at": pick.choice((None, ordered_at + timedelta(minutes=2))),
            "currency_code": pick.choices(("CNY", "USD"), (9, 1))[0],
            "payment_method": method,
            "store_id_channel": pick.choice((None, "east")) if channel == "market" else None,
            "payment_no": f"p{number}" if pick.random() < 0.7 else None,
            "discount_amount": discount,
        }
        status = pick.choices(("completed", "paid", "shipped", "unpaid", "refunded", "cancelled"), (8, 3, 3, 2, 1, 2))[0]
        stated = pick.choice((None, Decimal(0), Decimal(0), amount, (amount / 2).quantize(CENT)))
        for version, statement in enumerate(pick.choice(((stated,), (None, stated), (stated, stated)))):
            self.lake.add(
                "channel_orders",
                status=status,
                paid_amount=None if status in ("unpaid", "cancelled") else amount,
                refunded_amount=statement,
                is_refund_inferred=number % 11 == 0,
                _load_id=f"a{version}",
                _source_row=number,
                _exported_at=ordered_at + timedelta(days=1 + 8 * version),
                **order,
            )
        if channel == "mute" or (method == "card" and pick.random() < 0.7) or pick.random() < 0.12:
            return
        for issuer in {"shop": pick.choice((["bank"],) * 4 + (["bank", "wallet"],)), "till": ["till"]}.get(channel, [channel]):
            for _ in range(pick.choices((1, 2), (12, 1))[0]):
                self.payment(order, issuer, amount)
            if pick.random() < 0.35:
                self.refund(order, issuer, pick.choice((amount, (amount / 2).quantize(CENT))))
        if channel == "till" and pick.random() < 0.2:
            self.payment(order, "bank", (amount / 3).quantize(CENT))

    def payment(self, order: Row, issuer: str, amount: Decimal) -> None:
        pick = self.random
        if issuer == "wallet" and order["ordered_at"].date() < FIRST_DAY + timedelta(days=20):
            return  # this bill begins late
        self.payments += 1
        shift = pick.choice((Decimal(0),) * 9 + (CENT, Decimal("-0.02"), Decimal(4), Decimal(-4)))
        self.add_payment(
            issuer,
            merchant_order_no=order["order_no"],
            number=f"p{order['order_no']}" if self.random.random() < 0.4 and issuer != order["channel"] else f"x{self.payments}",
            paid_at=order["ordered_at"] + timedelta(days=9 if issuer == "market" else 0, minutes=pick.choice((1, 2, 5000))),
            currency=pick.choices((order["currency_code"], "USD"), (20, 1))[0],
            amount=max(amount + shift, Decimal(0)),
        )

    def add_payment(
        self, issuer: str, *, merchant_order_no: str | None, number: str, paid_at: datetime, currency: str, amount: Decimal
    ) -> None:
        self.lake.add(
            "channel_payments",
            channel=issuer,
            payment_key=f"{issuer}:{number}/{self.payments}",
            payment_no=number,
            merchant_order_no=merchant_order_no,
            status=self.random.choices(("succeeded", "revoked"), (20, 1))[0],
            paid_at=paid_at,
            currency_code=currency,
            paid_amount=amount,
            payment_method=self.random.choice(("app", None)) if issuer == "bank" else None,
            _exported_at=paid_at + timedelta(days=1),
        )

    def refund(self, order: Row, issuer: str, amount: Decimal) -> None:
        if issuer == "till":
            return  # tells payments only
        refunded_at = order["ordered_at"] + timedelta(days=self.random.choice((0, 3, 12)), hours=1)
        self.add_refund(issuer, order["order_no"], refunded_at, self.random.choices((order["currency_code"], "USD"), (20, 1))[0], amount)

    def add_refund(self, issuer: str, order_no: str | None, refunded_at: datetime, currency: str, amount: Decimal) -> None:
        number = len(self.lake.of("channel_refunds"))
        self.lake.add(
            "channel_refunds",
            channel=issuer,
            refund_key=f"{issuer}:r{number}",
            refund_no=f"r{number}",
            order_no=order_no,
            status=self.random.choices(("succeeded", "failed"), (9, 1))[0],
            refunded_at=refunded_at,
            currency_code=currency,
            refunded_amount=amount,
            _exported_at=refunded_at + timedelta(days=1),
        )

    def stray(self) -> None:
        """Money that names no order: of the bank, of the market itself, and of a scanner whose payments never do."""
        pick, moment = self.random, self.moment()
        self.payments += 1
        issuer = pick.choice(("bank", "market", "scanner", "scanner"))
        facts: dict[str, Any] = {"currency": "CNY", "amount": Decimal(pick.randint(1, 900))}
        self.add_payment(issuer, merchant_order_no=f"n{self.payments}", number=f"n{self.payments}", paid_at=moment, **facts)
        if pick.random() < 0.3:
            self.add_refund(issuer, f"n{self.payments}", moment, **facts)
