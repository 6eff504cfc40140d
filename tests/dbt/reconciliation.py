"""The reconciliation a second time, in plain Python over rows: who says what about the money of an order, and where they disagree."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from statistics import median

from pipelines.contracts.run import Run
from tests.dbt.lake import Row, TinyLake
from tests.oracle.facts import Oracle

SOLD = {"paid", "shipped", "completed", "refunded"}
Key = tuple[str, str]


@dataclass
class Item:
    """An order, or a payment or refund of nobody's order."""

    channel: str
    day: date
    outcome: str
    reason: str | None
    difference: Decimal
    payments: list[Row] = field(default_factory=list)
    settlements: list[Row] = field(default_factory=list)
    refunds: list[Row] = field(default_factory=list)


class Reconciliation(Oracle):
    """Items by type and key."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        super().__init__(lake, run)
        self.rules = run.config.reconciliation
        self.payments = [p for p in self.newest("channel_payments", "payment_key", "paid_at").values() if p["status"] == "succeeded"]
        self.refunds = [r for r in self.newest("channel_refunds", "refund_key", "refunded_at").values() if r["status"] == "succeeded"]
        self.paid: dict[str | None, list[Row]] = defaultdict(list)
        self.given_back: dict[str | None, list[Row]] = defaultdict(list)
        for payment in self.payments:
            self.paid[self._order_of(payment["channel"], payment["merchant_order_no"], payment["payment_no"])].append(payment)
        for refund in self.refunds:
            self.given_back[self._order_of(refund["channel"], refund["order_no"], refund["payment_no"])].append(refund)
        self.items: dict[Key, Item] = {("order", key): self._order(order) for key, order in self.orders.items()}
        for name, strays, time in (("payment", self.paid[None], "paid_at"), ("refund", self.given_back[None], "refunded_at")):
            for row in strays:
                self.items[name, row[f"{name}_key"]] = self._stray(name, row, self.day(row[time]))

    def _order_of(self, channel: str, number: str | None, payment: str | None) -> str | None:
        orders = self.orders.values()
        own = {order["order_key"] for order in orders if order["channel"] == channel and number and order["order_no"] == number}
        paid = {order["order_key"] for order in orders if payment and order["payment_no"] == payment}
        sells = any(order["channel"] == channel for order in orders)
        others = set() if sells else {order["order_key"] for order in orders if number and order["order_no"] == number}
        return next((next(iter(keys)) for keys in (own, paid, others) if len(keys) == 1), None)

    def _booked_on(self, order: Row) -> date:
        moment = order["paid_at"] or order["ordered_at"]
        return self.day(moment if moment < self.run.as_of_end_at else order["ordered_at"])

    def _split(self, order: Row) -> tuple[list[Row], list[Row]]:
        told = self.paid[order["order_key"]]
        own = [payment for payment in told if payment["channel"] == order["channel"]]
        return [payment for payment in told if payment not in own], own

    def _is_sold(self, order: Row) -> bool:
        return order["order_type"] == "sale" and order["status"] in SOLD

    def _kind(self, order: Row) -> tuple[str | None, ...]:
        """Whose account a bill is of: the shop's, with one way to pay."""
        return order["channel"], order["store_id_channel"], order["payment_method"]

    def _is_expected(self, order: Row, side: int) -> bool:
        """Of side 0 (platforms) or 1 (the channel itself): most orders of its kind have one since the first that had."""
        if not self._is_sold(order) or order["paid_amount"] <= self.rules.tolerance:
            return False
        kind = [
            other
            for other in self.orders.values()
            if self._kind(other) == self._kind(order) and self._is_sold(other) and other["paid_amount"] > 0
        ]
        known = [self._booked_on(other) for other in kind if self._split(other)[side]]
        if not known or self._booked_on(order) < min(known):
            return False
        since = [other for other in kind if self._booked_on(other) >= min(known)]
        return len(known) >= self.rules.expected_from_share * len(since)

    def _pending_for(self, order: Row, reason: str) -> float:
        """Days: the configured ones, and what payments or settlements of such orders usually take, times a factor."""
        side = {"order_without_payment": 0, "payment_differs": 0, "order_without_settlement": 1, "settlement_differs": 1}.get(reason)
        lags = []
        for other in self.orders.values() if side is not None else ():
            if self._kind(other) == self._kind(order):
                days = [self.day(row["paid_at"]) for row in self._split(other)[side]]
                lags += [(max(days) - self._booked_on(other)).days] if days else []
        return self.rules.pending_days + float(self.rules.pending_lags) * (max(median(lags), 0) if lags else 0)

    def _order(self, order: Row) -> Item:
        payments, settlements = self._split(order)
        refunds = self.given_back[order["order_key"]]
        item = Item(order["channel"], self._booked_on(order), "unchecked", None, Decimal(0), payments, settlements, refunds)
        item.reason, difference = self._reason(order, item)
        if item.reason:
            rows = [self.day(p["paid_at"]) for p in (*payments, *settlements)] + [self.day(r["refunded_at"]) for r in refunds]
            newest = max([item.day, *rows, *self._stated_on(order)])
            item.outcome = "pending" if (self.as_of - newest).days < self._pending_for(order, item.reason) else "differs"
            day = self.day(order["ordered_at"])
            item.difference = self.converted(difference, order["currency_code"], day)
        elif payments or settlements or refunds:
            item.outcome = "agrees"
        return item

    def _stated_on(self, order: Row) -> list[date]:
        visible = [o for o in self.lake.of("channel_orders") if o["order_key"] == order["order_key"]]
        visible = [o for o in visible if o["_exported_at"] < self.run.exported_before_at]
        stated = order["refunded_amount"]
        return [self.day(min(o["_exported_at"] for o in visible if o["refunded_amount"] == stated))] if stated else []

    def _reason(self, order: Row, item: Item) -> tuple[str | None, Decimal]:
        near, zero = self.rules.tolerance, Decimal(0)
        amount, is_sale = order["paid_amount"] or zero, order["order_type"] == "sale"
        paid, settled = (sum((row["paid_amount"] for row in rows), zero) for rows in (item.payments, item.settlements))
        by_feed: dict[str, Decimal] = defaultdict(Decimal)
        for refund in item.refunds:
            by_feed[refund["channel"]] += refund["refunded_amount"]
        given_back = max(by_feed.values(), default=zero)
        if any(row["currency_code"] != order["currency_code"] for row in (*item.payments, *item.settlements, *item.refunds)):
            return "currency_differs", zero
        if amount > 0 and sum(row["paid_amount"] == amount for row in item.payments) > 1:
            return "paid_twice", paid - amount
        if is_sale and order["status"] in {"unpaid", "cancelled"} and max(paid, settled) - given_back > near:
            return "payment_of_unpaid_order", max(paid, settled) - given_back
        if self._is_expected(order, 0) and not item.payments:
            return "order_without_payment", -amount
        if self._is_expected(order, 1) and not item.settlements:
            return "order_without_settlement", -amount
        if self._is_sold(order) and item.payments and (paid - amount > near or (amount - paid > near and not item.settlements)):
            return "payment_differs", paid - amount
        subsidy = order["discount_amount"] or zero
        if self._is_sold(order) and item.settlements and (settled - amount > near + subsidy or amount - settled > near):
            return "settlement_differs", settled - amount
        stated = order["refunded_amount"]
        if stated is not None and not order["is_refund_inferred"] and abs(stated - given_back) > near:
            tells = {refund["channel"] for refund in self.refunds} & {row["channel"] for row in (*item.payments, *item.settlements)}
            knows = order["_exported_at"] >= max((row["refunded_at"] for row in item.refunds), default=order["_exported_at"])
            if knows if item.refunds else tells:
                return "refund_differs", given_back - stated
        return None, zero

    def _stray(self, name: str, row: Row, day: date) -> Item:
        everything = self.payments if name == "payment" else self.refunds
        strays = self.paid[None] if name == "payment" else self.given_back[None]

        def alike(other: Row) -> bool:
            return other["channel"] == row["channel"] and (name == "refund" or other["payment_method"] == row["payment_method"])

        group, lost = [other for other in everything if alike(other)], [other for other in strays if alike(other)]
        item = Item(row["channel"], day, "unchecked", None, Decimal(0))
        own = any(order["channel"] == row["channel"] for order in self.orders.values())
        (item.refunds if name == "refund" else item.settlements if own else item.payments).append(row)
        if len(group) - len(lost) >= self.rules.expected_from_share * len(group):
            item.reason = f"{name}_without_order"
            item.outcome = "pending" if (self.as_of - day).days < self.rules.pending_days else "differs"
            amount = row["paid_amount"] if name == "payment" else row["refunded_amount"]
            item.difference = self.converted(amount, row["currency_code"], day)
        return item
