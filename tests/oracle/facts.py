"""The contract of metrics.md a second time, in plain Python over rows: slow, obvious, and without a line in common with the SQL."""

from __future__ import annotations

import calendar
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from typing import Any
from zoneinfo import ZoneInfo

from pipelines.contracts.run import Run
from tests.dbt.lake import Row, TinyLake

CENT = Decimal("0.01")
Kpi = tuple[str, str, date, str, str]
Value = tuple[Decimal | int, Decimal | int | None, bool]


@dataclass(frozen=True)
class Purchase:
    order_key: str
    customer_id: str | None
    channel: str
    store: str | None
    region: str | None
    at: datetime
    on: date
    net: Decimal


@dataclass(frozen=True)
class Paid:
    """A sale that was paid, whether or not it was given back."""

    customer_id: str | None
    channel: str
    store: str | None
    region: str | None
    on: date
    paid: Decimal
    refunded: Decimal
    was_refunded: bool


@dataclass(frozen=True)
class Period:
    grain: str
    start: date
    end: date


def store_of(order: Row) -> str | None:
    return f"{order['channel']}:{order['store_id_channel']}" if order["store_id_channel"] else None


def add_months(day: date, count: int) -> date:
    months = day.year * 12 + day.month - 1 + count
    year, month = divmod(months, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def periods_of(first: date, as_of: date) -> Iterator[Period]:
    day = first
    while day <= as_of:
        yield Period("day", day, day)
        day += timedelta(days=1)
    day = first - timedelta(days=first.weekday())
    while day <= as_of:
        yield Period("week", day, day + timedelta(days=6))
        day += timedelta(days=7)
    day = first.replace(day=1)
    while day <= as_of:
        yield Period("month", day, add_months(day, 1) - timedelta(days=1))
        day = add_months(day, 1)
    day = date(first.year, (first.month - 1) // 3 * 3 + 1, 1)
    while day <= as_of:
        yield Period("quarter", day, add_months(day, 3) - timedelta(days=1))
        day = add_months(day, 3)


class Oracle:
    """Everything that the marts should say about one lake on one day."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        self.lake, self.run, self.as_of = lake, run, run.as_of
        self.zone = ZoneInfo(run.config.business_time_zone)
        self.customer_of = {row["source_record_key"]: row["customer_id"] for row in lake.of("identity_current")}
        self._feeds = self._refund_feeds()
        self.orders = self.newest("channel_orders", "order_key", "ordered_at")
        self.purchases = [purchase for order in self.orders.values() if (purchase := self._purchase(order))]
        self.by_customer: dict[str, list[Purchase]] = defaultdict(list)
        for purchase in self.purchases:
            if purchase.customer_id:
                self.by_customer[purchase.customer_id].append(purchase)
        self._buyers_on: dict[date, dict[str, Any]] = {}
        self._active_on: dict[str, set[date]] = {}
        self.registered = {
            row["customer_id"]: self.day(row["registered_at"]) for row in lake.of("golden_customers") if row["registered_at"]
        }

    def day(self, instant: datetime) -> date:
        return instant.astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """When a day of the business begins."""
        return datetime(day.year, day.month, day.day, tzinfo=self.zone)

    def newest(self, table: str, key: str, time: str | None) -> dict[str, Row]:
        """The newest version of each fact that the run may see. No `time`, or an empty one: known from its export on; a day: from it on."""
        newest: dict[str, Row] = {}
        for row in sorted(self.lake.of(table), key=lambda row: (row["_exported_at"], row["_load_id"], row["_source_row"])):
            moment = row[time] if time else None
            has_come = moment is None or (moment < self.run.as_of_end_at if isinstance(moment, datetime) else moment <= self.run.as_of)
            if row["_exported_at"] < self.run.exported_before_at and has_come:
                newest[row[key]] = row
        return newest

    def _refunded(self, order: Row) -> Decimal:
        """The largest of the order's own statement and each feed's sum: two feeds may tell of one refund."""
        feeds = self._feeds.get((order["order_key"], order["currency_code"]), {})
        stated = [amount for amount in (order["refunded_amount"], *feeds.values()) if amount is not None]
        if not stated:
            return (order["paid_amount"] or Decimal(0)) if order["status"] == "refunded" else Decimal(0)
        return max(stated)

    def _refund_feeds(self) -> dict[tuple[str, str], dict[str, Decimal]]:
        """What each feed says was given back, by order and currency: a number that fits several orders says nothing."""
        visible = [
            row
            for row in self.lake.of("channel_orders")
            if row["_exported_at"] < self.run.exported_before_at and row["ordered_at"] < self.run.as_of_end_at
        ]
        sums: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
        for refund in self.newest("channel_refunds", "refund_key", "refunded_at").values():
            number, payment = refund["order_no"], refund["payment_no"]
            own = {row["order_key"] for row in visible if row["channel"] == refund["channel"] and number and row["order_no"] == number}
            paid = {row["order_key"] for row in visible if payment and row["payment_no"] == payment}
            sells = any(row["channel"] == refund["channel"] for row in visible)
            any_shop = set() if sells else {row["order_key"] for row in visible if number and row["order_no"] == number}
            keys: set[str] = next((keys for keys in (own, paid, any_shop) if len(keys) == 1), set())
            if refund["status"] == "succeeded":
                for key in keys:
                    sums[key, refund["currency_code"]][refund["channel"]] += refund["refunded_amount"]
        return sums

    def converted(self, amount: Decimal, currency: str, day: date) -> Decimal:
        if currency == self.run.config.reporting_currency:
            return amount
        rates = [row for row in self.lake.of("currency_rates") if row["currency_code"] == currency and row["valid_from_on"] <= day]
        rate: Decimal = max(rates, key=lambda row: row["valid_from_on"])["rate"]
        return (amount * rate).quantize(CENT, ROUND_HALF_UP)

    def _purchase(self, order: Row) -> Purchase | None:
        paid, moment = order["paid_amount"], order["paid_at"] or order["ordered_at"]
        if order["order_type"] != "sale" or order["status"] not in {"paid", "shipped", "completed"} or paid is None:
            return None
        refunded = self._refunded(order)
        if not (paid - refunded > 0 or paid == 0) or moment >= self.run.as_of_end_at:
            return None
        day, currency = self.day(order["ordered_at"]), order["currency_code"]
        net = self.converted(paid, currency, day) - self.converted(refunded, currency, day)
        customer = self.customer_of.get(order["source_record_key"])
        place = (order["channel"], store_of(order), self._region(order))
        return Purchase(order["order_key"], customer, *place, moment, self.day(moment), net)

    def _region(self, order: Row) -> str | None:
        """The region that the organization gives a store, else the newest list of stores."""
        organized = {row["unit"]: row["region"] for row in self.lake.of("organization") if row["kind"] == "store"}
        listed = {row["store_key"]: row["region"] for row in sorted(self.lake.of("channel_stores"), key=lambda row: row["_exported_at"])}
        store = store_of(order)
        return (organized.get(store) or listed.get(store) or "unassigned") if store else None

    def paid_orders(self) -> list[Paid]:
        found = []
        for order in self.orders.values():
            paid, moment = order["paid_amount"], order["paid_at"] or order["ordered_at"]
            if order["order_type"] != "sale" or order["status"] not in {"paid", "shipped", "completed", "refunded"}:
                continue
            if paid is None or paid < 0 or moment >= self.run.as_of_end_at:
                continue
            refunded, day, currency = self._refunded(order), self.day(order["ordered_at"]), order["currency_code"]
            found.append(
                Paid(
                    self.customer_of.get(order["source_record_key"]),
                    order["channel"],
                    store_of(order),
                    self._region(order),
                    self.day(moment),
                    self.converted(paid, currency, day),
                    self.converted(refunded, currency, day),
                    refunded > 0 or order["status"] == "refunded",
                )
            )
        return found

    # --- RFM

    def rfm(self, customer: str, preset: str, day: date) -> tuple[int, int, Decimal, int, int, int, int, str] | None:
        """Recency, frequency, money, scores, total and tier at the end of `day`; None before the first purchase."""
        if preset == "quantile":
            return self._by_fifths(customer, day)
        bands = self.run.config.rfm.presets[preset]  # type: ignore[index]
        known = [purchase for purchase in self.by_customer[customer] if purchase.on <= day]
        if not known:
            return None
        recency = (day - max(purchase.on for purchase in known)).days
        window = [purchase for purchase in known if (day - purchase.on).days < bands.window_days]
        frequency, money = len(window), sum((purchase.net for purchase in window), Decimal(0))
        r = max((score for score, days in bands.recency_up_to_days.items() if recency <= days), default=1)
        f = max((score for score, bound in bands.frequency_from.items() if frequency >= bound), default=1)
        m = max((score for score, bound in bands.monetary_from.items() if money >= bound), default=1)
        return recency, frequency, money, r, f, m, r + f + m, self._tier(r + f + m)

    def _by_fifths(self, customer: str, day: date) -> tuple[int, int, Decimal, int, int, int, int, str] | None:
        """The values of preset annual; scores by how many of all buyers have a smaller value."""
        if day not in self._buyers_on:
            self._buyers_on[day] = {c: rfm for c in self.by_customer if (rfm := self.rfm(c, "annual", day))}
        buyers = self._buyers_on[day]
        if customer not in buyers:
            return None
        own = buyers[customer]
        fifths = [sum(other[axis] < own[axis] for other in buyers.values()) * 5 // len(buyers) for axis in range(3)]  # type: ignore[operator]
        r, f, m = 5 - fifths[0], 1 + fifths[1], 1 + fifths[2]
        return *own[:3], r, f, m, r + f + m, self._tier(r + f + m)

    def _tier(self, total: int) -> str:
        if total >= self.run.config.rfm.high_value_from_total:
            return "high_value"
        return "potential" if total >= self.run.config.rfm.potential_from_total else "lapsed"

    def rfm_class(self, customer: str) -> str:
        rules, known = self.run.config.rfm, self.by_customer[customer]
        if not known:
            return "no_purchase"
        window = [purchase for purchase in known if (self.as_of - purchase.on).days < rules.class_window_days]
        high = (
            min((self.as_of - purchase.on).days for purchase in known) <= rules.class_recent_within_days,
            len(window) >= rules.class_frequent_from,
            sum((purchase.net for purchase in window), Decimal(0)) >= rules.class_high_spend_from,
        )
        return {
            "HHH": "core_value",
            "HHL": "active_potential",
            "HLH": "high_spend_developing",
            "HLL": "recent_developing",
            "LHH": "sleeping_high_value",
            "LHL": "fading_regular",
            "LLH": "win_back_high_spend",
            "LLL": "lapsed",
        }["".join("H" if one else "L" for one in high)]

    def month_ends(self) -> list[date]:
        ends = [period.end for period in self.periods() if period.grain == "month" and period.end <= self.as_of]
        return ends[-self.run.config.rfm.history_months :]

    # --- activity

    def active_at(self, customer: str) -> list[datetime]:
        """Moments of every event, order or interaction of the customer."""
        events = self.newest("channel_events", "event_key", "occurred_at").values()
        interactions = self.newest("channel_interactions", "interaction_key", "occurred_at").values()
        facts = [(row, row["ordered_at"]) for row in self.orders.values()]
        facts += [(row, row["occurred_at"]) for row in (*events, *interactions)]
        return [moment for row, moment in facts if self.customer_of.get(row["source_record_key"]) == customer]

    def active_on(self, customer: str) -> set[date]:
        if customer not in self._active_on:
            self._active_on[customer] = {self.day(moment) for moment in self.active_at(customer)}
        return self._active_on[customer]

    def known_on(self, customer: str) -> date | None:
        days = [*self.active_on(customer)]
        days += [purchase.on for purchase in self.by_customer[customer]]
        return min([*days, *([self.registered[customer]] if customer in self.registered else [])], default=None)

    def lifecycle(self, customer: str, day: date) -> str:
        """The stage at the end of `day`, of what was known then."""
        rules, bought = self.run.config.lifecycle, [purchase.on for purchase in self.by_customer[customer] if purchase.on <= day]
        if self.registered.get(customer, date.max) <= day and not bought:
            return "prospect"
        if bought and (day - min(bought)).days <= rules.new_within_days:
            return "new"
        idle = min(((day - active).days for active in self.active_on(customer) if active <= day), default=10**6)
        if idle > rules.churned_after_days:
            return "churned"
        if idle > rules.declining_after_days:
            return "declining"
        recent = sum((day - on).days < rules.mature_window_days for on in bought)
        return "mature" if recent >= rules.mature_from_purchases else "growing"

    def stages(self, customer: str) -> list[tuple[str, date, date | None]]:
        """Stage, first day and first day of the next one: each day since the customer is known is asked."""
        day, rows = self.known_on(customer), list[tuple[str, date, date | None]]()
        while day and day <= self.as_of:
            stage = self.lifecycle(customer, day)
            if not rows or rows[-1][0] != stage:
                rows[-1:] = [(*rows[-1][:2], day)] if rows else []
                rows.append((stage, day, None))
            day += timedelta(days=1)
        return rows

    # --- periods

    def periods(self) -> list[Period]:
        if not self.purchases:
            return []
        return list(periods_of(min(purchase.on for purchase in self.purchases), self.as_of))

    def cohorts(self) -> dict[tuple[date, int], tuple[int, int, int, Decimal, Decimal]]:
        """Cohort size, active customers, purchases, net amount, cumulative net amount by first month and months since."""
        rows: dict[tuple[date, int], tuple[int, int, int, Decimal, Decimal]] = {}
        members: dict[date, list[str]] = defaultdict(list)
        for customer, bought in self.by_customer.items():
            if bought:
                members[min(purchase.on for purchase in bought).replace(day=1)].append(customer)
        for first, customers in members.items():
            month, since, cumulative = first, 0, Decimal(0)
            while month <= self.as_of:
                inside = [p for c in customers for p in self.by_customer[c] if p.on.replace(day=1) == month]
                net = sum((p.net for p in inside), Decimal(0))
                cumulative += net
                rows[first, since] = (len(customers), len({p.customer_id for p in inside}), len(inside), net, cumulative)
                month, since = add_months(month, 1), since + 1
        return rows
