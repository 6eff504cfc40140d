"""Invented shops: what happens to customers day by day, and the marts as they would show it at the end of any day."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.engine import create_from_frame
from pipelines.value.propensity.facts import create_facts

FIRST = date(2023, 1, 1)
ZONE = "Asia/Shanghai"
MONEY = pl.Decimal(18, 2)


@dataclass(frozen=True)
class Order:
    customer_id: str | None
    paid_on: date
    amount: Decimal
    channel: str = "web"
    coupon: str | None = None
    discount: Decimal | None = None
    cancelled_on: date | None = None
    refunded_on: date | None = None
    is_full: bool = False


@dataclass(frozen=True)
class Coupon:
    customer_id: str
    issued_on: date
    redeemed_on: date | None = None
    expires_on: date | None = None


@dataclass(frozen=True)
class Shop:
    """All that ever happens. Days are business days; clicks and expiries happen late in the evening, when it is the day before in UTC."""

    orders: tuple[Order, ...] = ()
    events: tuple[tuple[str, date, str], ...] = ()
    tickets: tuple[tuple[str, date, str], ...] = ()
    interactions: tuple[tuple[str, date], ...] = ()
    sends: tuple[tuple[str, date, date | None], ...] = ()
    coupons: tuple[Coupon, ...] = ()
    opted_out: frozenset[str] = frozenset()
    people: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def customers(self) -> list[str]:
        named = {order.customer_id for order in self.orders if order.customer_id}
        rest = (self.events, self.tickets, self.interactions, self.sends)
        return sorted(
            named | {row[0] for rows in rest for row in rows} | {coupon.customer_id for coupon in self.coupons} | set(self.people)
        )

    def until(self, day: date) -> Shop:
        """What is known at the end of `day`: later facts are not there, and earlier ones do not know what becomes of them."""

        def known(at: date | None) -> date | None:
            return at if at is not None and at <= day else None

        return replace(
            self,
            orders=tuple(
                replace(order, cancelled_on=known(order.cancelled_on), refunded_on=known(order.refunded_on))
                for order in self.orders
                if order.paid_on <= day
            ),
            events=tuple(row for row in self.events if row[1] <= day),
            tickets=tuple(row for row in self.tickets if row[1] <= day),
            interactions=tuple(row for row in self.interactions if row[1] <= day),
            sends=tuple((who, sent, known(clicked)) for who, sent, clicked in self.sends if sent <= day),
            coupons=tuple(replace(row, redeemed_on=known(row.redeemed_on)) for row in self.coupons if row.issued_on <= day),
            people={name: self.people.get(name, {}) for name in self.customers},
        )


def noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)


def small_hours(day: date) -> datetime:
    """An hour after midnight in the business zone: the day before in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) - timedelta(hours=7)


def tables(shop: Shop, *, shuffled: int | None = None) -> dict[str, pl.DataFrame]:
    """The relations that the facts are made from, as marts would show them. `shuffled`: seed of another order of rows."""
    frames = {
        "golden_customers": _people(shop),
        "golden_consents": pl.DataFrame(
            [(name, "personalization", "denied") for name in sorted(shop.opted_out)],
            schema={"customer_id": pl.String, "purpose": pl.String, "status": pl.String},
            orient="row",
        ),
        "fct_orders": _orders(shop),
        "fct_refunds": pl.DataFrame(
            [
                (f"r{feed}{index}", f"o{index}", order.customer_id if feed == "shop" else None, "succeeded", order.refunded_on)
                for index, order in enumerate(shop.orders)
                if order.refunded_on
                for feed in ("shop", "bank")
            ],
            schema={"refund_key": pl.String, "order_key": pl.String, "customer_id": pl.String, "status": pl.String, "refunded_on": pl.Date},
            orient="row",
        ),
        "fct_tickets": pl.DataFrame(
            shop.tickets, schema={"customer_id": pl.String, "created_on": pl.Date, "ticket_type": pl.String}, orient="row"
        ),
        "fct_interactions": pl.DataFrame(shop.interactions, schema={"customer_id": pl.String, "occurred_on": pl.Date}, orient="row"),
        "fct_events": pl.DataFrame(
            shop.events, schema={"customer_id": pl.String, "occurred_on": pl.Date, "event_name": pl.String}, orient="row"
        ),
        "fct_sends": pl.DataFrame(
            [(who, sent, small_hours(clicked) if clicked else None) for who, sent, clicked in shop.sends],
            schema={"customer_id": pl.String, "sent_on": pl.Date, "clicked_at": pl.Datetime("us", "UTC")},
            orient="row",
        ),
        "fct_coupons": pl.DataFrame(
            [
                (row.customer_id, row.issued_on, row.redeemed_on, small_hours(row.expires_on) if row.expires_on else None)
                for row in shop.coupons
            ],
            schema={
                "customer_id": pl.String,
                "issued_on": pl.Date,
                "redeemed_on": pl.Date,
                "expires_at": pl.Datetime("us", "UTC"),
            },
            orient="row",
        ),
    }
    if shuffled is not None:
        return {name: frame.sample(fraction=1.0, shuffle=True, seed=shuffled) for name, frame in frames.items()}
    return frames


def _people(shop: Shop) -> pl.DataFrame:
    rows = [(name, *(shop.people.get(name, {}).get(key) for key in ("birth_on", "gender", "province"))) for name in shop.customers]
    schema = {"customer_id": pl.String, "birth_on": pl.Date, "gender": pl.String, "province": pl.String}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _orders(shop: Shop) -> pl.DataFrame:
    rows = []
    for index, order in enumerate(shop.orders):
        gone = order.cancelled_on is not None
        given_back = order.refunded_on is not None and order.is_full
        is_purchase = not gone and not given_back
        rows.append(
            {
                "order_key": f"o{index}",
                "customer_id": order.customer_id,
                "channel": order.channel,
                "order_type": "sale",
                "status": "cancelled" if gone else "refunded" if given_back else "completed",
                "was_paid": not gone,
                "is_purchase": is_purchase,
                "paid_at": noon(order.paid_on),
                "booked_on": order.paid_on,
                "purchased_on": order.paid_on if is_purchase else None,
                "paid_amount": order.amount,
                "discount_amount": order.discount,
                "coupon_code": order.coupon,
            }
        )
    schema = {
        "order_key": pl.String,
        "customer_id": pl.String,
        "channel": pl.String,
        "order_type": pl.String,
        "status": pl.String,
        "was_paid": pl.Boolean,
        "is_purchase": pl.Boolean,
        "paid_at": pl.Datetime("us", "UTC"),
        "booked_on": pl.Date,
        "purchased_on": pl.Date,
        "paid_amount": MONEY,
        "discount_amount": MONEY,
        "coupon_code": pl.String,
    }
    return pl.DataFrame(rows, schema=schema)


def opened(folder: Path, frames: dict[str, pl.DataFrame]) -> duckdb.DuckDBPyConnection:
    """A database with the frames as tables and the facts made from them."""
    connection = duckdb.connect(config={"temp_directory": str(folder), "threads": 1})
    connection.execute("set TimeZone = 'UTC'")
    for name, frame in frames.items():
        create_from_frame(connection, name, frame)
    create_facts(connection, {name: name for name in frames}, ZONE)
    return connection


def random_shop(seed: int, customers: int = 40, days: int = 500) -> Shop:
    """A shop in which everything happens at random, also on the days around any cut-off."""
    draw = random.Random(seed)
    names = [f"c{number:03d}" for number in range(customers)]

    def day() -> date:
        return FIRST + timedelta(days=draw.randrange(days))

    def later(after: date, chance: float) -> date | None:
        return after + timedelta(days=draw.randrange(60)) if draw.random() < chance else None

    orders = []
    for _ in range(customers * 6):
        paid = day()
        who = draw.choice(names) if draw.random() < 0.95 else None
        cents = Decimal(draw.choice([0, 1, 500, 1999, 12_345, 999_999])) / 100
        orders.append(
            Order(
                who,
                paid,
                cents,
                draw.choice(["web", "store"]),
                coupon=draw.choice([None, None, "SAVE"]),
                discount=draw.choice([None, Decimal("0.00"), Decimal("1.50")]),
                cancelled_on=later(paid, 0.1),
                refunded_on=later(paid, 0.2),
                is_full=draw.random() < 0.5,
            )
        )
    kinds = ["product_viewed", "product_added", "page_viewed"]
    types = ["complaint", "question"]
    coupons = []
    for _ in range(customers * 2):
        issued = day()
        coupons.append(Coupon(draw.choice(names), issued, later(issued, 0.4), later(issued, 0.6)))
    sends = []
    for _ in range(customers * 4):
        sent = day()
        sends.append((draw.choice(names), sent, later(sent, 0.4)))
    people = {
        name: {
            "birth_on": date(1950 + draw.randrange(60), 1 + draw.randrange(12), 1) if draw.random() < 0.7 else None,
            "gender": draw.choice(["female", "male", None]),
            "province": draw.choice(["Zhejiang", "Hunan", None]),
        }
        for name in names
    }
    return Shop(
        tuple(orders),
        tuple((draw.choice(names), day(), draw.choice(kinds)) for _ in range(customers * 10)),
        tuple((draw.choice(names), day(), draw.choice(types)) for _ in range(customers)),
        tuple((draw.choice(names), day()) for _ in range(customers)),
        tuple(sends),
        tuple(coupons),
        people=people,
    )
