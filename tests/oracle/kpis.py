"""Every metric of `kpi` a second time, from the sentences of its definition: for each period and slice, who is counted, and who of them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from tests.oracle.facts import Kpi, Oracle, Paid, Period, Purchase, Value, add_months

Slice = tuple[str, str]
ALL: Slice = ("all", "all")
TIERS = ("high_value", "potential", "lapsed")


def days(count: int) -> timedelta:
    return timedelta(days=count)


class KpiOracle:
    """The rows of `kpi` for one lake on one day."""

    def __init__(self, oracle: Oracle) -> None:
        self.facts, self.as_of = oracle, oracle.as_of
        self.everyone = [row["customer_id"] for row in oracle.lake.of("golden_customers")]
        self.known = {customer: oracle.known_on(customer) for customer in self.everyone}
        self.first = {c: min(p.on for p in bought) for c, bought in oracle.by_customer.items() if bought}
        self.acquired = {c: min(bought, key=lambda p: (p.at, p.channel)).channel for c, bought in oracle.by_customer.items() if bought}
        self._tiers: dict[tuple[str, date], str] = {}
        self.paid = oracle.paid_orders()
        self.history = set(oracle.month_ends())

    def rows(self) -> dict[Kpi, Value]:
        return {key: value for period in self.facts.periods() for key, value in self._of(period)}

    def _of(self, period: Period) -> Iterator[tuple[Kpi, Value]]:
        families: list[Iterable[tuple[str, Slice, Value]]] = [self._sales(period), self._activity(period), self._new(period)]
        if period.grain in {"day", "month"}:
            families.append(self._active_retention(period))
        if period.grain in {"month", "quarter"}:
            families += [self._buyers(period), self._cost(period)]
        if period.grain == "month":
            families += [self._newcomers(period), self._retention(period)]
        for family in families:
            for metric, (dimension, value), numbers in family:
                yield (metric, period.grain, period.start, dimension, value), numbers

    # --- slices

    @cached_property
    def _sales_slices(self) -> list[Slice]:
        stores = {order.store or "unattributed" for order in self.paid}
        regions = {order.region or "unattributed" for order in self.paid}
        channels = {order.channel for order in self.paid}
        places = [("channel", c) for c in channels] + [("store", s) for s in stores] + [("region", r) for r in regions]
        return [ALL, *places, *self.acquisition_slices]

    @cached_property
    def acquisition_slices(self) -> list[Slice]:
        return [("acquisition_channel", channel) for channel in {*self.acquired.values(), "unattributed"}]

    def _people_slices(self, period: Period) -> list[Slice]:
        tiers = [("rfm_tier", tier) for tier in (*TIERS, "no_purchase")] if self._is_scored(period) else []
        return [ALL, *self.acquisition_slices, *tiers]

    def _is_scored(self, period: Period) -> bool:
        return period.grain == "month" and period.end in self.history

    def _is_of(self, slice_: Slice, order: Purchase | Paid) -> bool:
        dimension, value = slice_
        customer = order.customer_id or ""
        return {
            "all": True,
            "channel": order.channel == value,
            "store": (order.store or "unattributed") == value,
            "region": (order.region or "unattributed") == value,
            "acquisition_channel": self.acquired.get(customer, "unattributed") == value,
        }[dimension]

    def _people(self, slice_: Slice, period: Period) -> Callable[[Iterable[str]], set[str]]:
        """Those of a set of customers who belong to a slice; tiers are those of the period's end."""
        dimension, value = slice_
        if dimension == "all":
            return set
        if dimension == "acquisition_channel":
            return lambda group: {c for c in group if self.acquired.get(c, "unattributed") == value}
        return lambda group: {c for c in group if self._tier(c, period.end) == value}

    def slices_of(self, customer: str, day: date) -> set[Slice]:
        """Everything that a customer counts in, by the tier of a day."""
        return {ALL, ("rfm_tier", self._tier(customer, day)), ("acquisition_channel", self.acquired.get(customer, "unattributed"))}

    def _tier(self, customer: str, day: date) -> str:
        if (customer, day) not in self._tiers:
            rfm = self.facts.rfm(customer, "monthly", day)
            self._tiers[customer, day] = rfm[-1] if rfm else "no_purchase"
        return self._tiers[customer, day]

    # --- facts

    def _count(self, customer: str, first: date, last: date) -> int:
        return sum(first <= purchase.on <= last for purchase in self.facts.by_customer[customer])

    def _buyers_between(self, first: date, last: date) -> set[str]:
        return {customer for customer in self.everyone if self._count(customer, first, last)}

    @cached_property
    def _active_days(self) -> dict[str, set[date]]:
        return {c: self.facts.active_on(c) for c in self.everyone}

    @cached_property
    def _visits(self) -> list[tuple[str, date]]:
        events = self.facts.newest("channel_events", "event_key", "occurred_at").values()
        nobody = [row for row in events if row["source_record_key"] not in self.facts.customer_of and row["anonymous_id"]]
        return [(row["anonymous_id"], self.facts.day(row["occurred_at"])) for row in nobody]

    # --- families: metric, slice, numbers

    def _sales(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        inside = [p for p in self.facts.purchases if period.start <= p.on <= period.end]
        paid = [order for order in self.paid if period.start <= order.on <= period.end]
        open_ = period.end > self.as_of
        for slice_ in self._sales_slices:
            yield from self._sums(slice_, [p for p in inside if self._is_of(slice_, p)], open_)
            sold = [order for order in paid if self._is_of(slice_, order)]
            yield "refund_rate_by_count", slice_, (sum(order.was_refunded for order in sold), len(sold), open_)
            returned = sum((order.refunded for order in sold), Decimal(0))
            yield "refund_rate_by_amount", slice_, (returned, sum((order.paid for order in sold), Decimal(0)), open_)
        if self._is_scored(period):
            groups: dict[str, list[Purchase]] = {tier: [] for tier in (*TIERS, "unattributed")}
            for purchase in inside:
                groups[self._tier(purchase.customer_id, period.end) if purchase.customer_id else "unattributed"].append(purchase)
            for tier, bought in groups.items():
                yield from self._sums(("rfm_tier", tier), bought, open_)

    def _sums(self, slice_: Slice, bought: list[Purchase], open_: bool) -> Iterator[tuple[str, Slice, Value]]:
        net = sum((p.net for p in bought), Decimal(0))
        buyers = len({p.customer_id for p in bought if p.customer_id})
        yield "net_sales", slice_, (net, None, open_)
        yield "purchases", slice_, (len(bought), None, open_)
        yield "buyers", slice_, (buyers, None, open_)
        yield "aov", slice_, (net, len(bought), open_)
        yield "arppu", slice_, (net, buyers, open_)

    def _activity(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        open_ = period.end > self.as_of
        active = {c for c, moments in self._active_days.items() if any(period.start <= day <= period.end for day in moments)}
        name = {"day": "dau", "week": "wau", "month": "mau"}.get(period.grain)
        for slice_ in (ALL, *self.acquisition_slices):
            group = self._people(slice_, period)(active)
            net = sum((p.net for p in self.facts.purchases if period.start <= p.on <= period.end and self._is_of(slice_, p)), Decimal(0))
            yield "arpu", slice_, (net, len(group), open_)
            if name:
                yield name, slice_, (len(group), None, open_)
        if name:
            visitors = {visitor for visitor, day in self._visits if period.start <= day <= period.end}
            yield f"anonymous_{name}", ALL, (len(visitors), None, open_)

    def _active_retention(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        registered = {c: day for c, day in self.facts.registered.items() if period.start <= day <= period.end}
        for slice_ in (ALL, *self.acquisition_slices):
            group = self._people(slice_, period)(registered)
            for later in (1, 7, 30):
                back = sum(registered[c] + days(later) in self._active_days[c] for c in group)
                yield f"active_retention_d{later}", slice_, (back, len(group), period.end + days(later) > self.as_of)

    def _new(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        known = {c for c, day in self.known.items() if day and period.start <= day <= period.end}
        buyers = {c for c, day in self.first.items() if period.start <= day <= period.end}
        for slice_ in self._people_slices(period):
            of = self._people(slice_, period)
            yield "new_customers", slice_, (len(of(known)), None, period.end > self.as_of)
            yield "new_buyers", slice_, (len(of(buyers)), None, period.end > self.as_of)

    def _cost(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        writing = {row["channel"] for row in self.facts.newest("channel_sends", "send_key", "sent_at").values()}
        spent: dict[tuple[date, str], Decimal] = defaultdict(Decimal)
        for row in self.facts.newest("channel_costs", "cost_key", "spent_from_on").values():
            length = (row["spent_to_on"] - row["spent_from_on"]).days + 1
            cents = int(self.facts.converted(row["cost_amount"], row["currency_code"], row["spent_from_on"]) * 100)
            for number in range(length):
                day = row["spent_from_on"] + days(number)
                if row["channel"] not in writing and day <= self.as_of:
                    spent[day, row["channel"]] += Decimal(cents * (number + 1) // length - cents * number // length) / 100
        if not spent or period.end < min(day for day, _ in spent):
            return
        new = {c for c, day in self.first.items() if period.start <= day <= period.end}
        for slice_ in (ALL, *self.acquisition_slices):
            channels = {value for _, value in self.acquisition_slices}
            inside = [
                amount
                for (day, channel), amount in spent.items()
                if period.start <= day <= period.end and slice_[1] in {"all", channel if channel in channels else "unattributed"}
            ]
            yield "cac", slice_, (sum(inside, Decimal(0)), len(self._people(slice_, period)(new)), period.end > self.as_of)

    def _buyers(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        open_ = period.end > self.as_of
        buyers = self._buyers_between(period.start, period.end)
        year_start = add_months(period.end + days(1), -12)
        bought_before = self._buyers_between(add_months(period.start, -6), period.start - days(1))
        known = {c for c, day in self.known.items() if day and day <= period.end}
        shares = {
            "repurchase_rate": ({c for c in buyers if self._count(c, year_start, period.end) >= 2}, buyers),
            "repeat_buyer_share": ({c for c in buyers if self._count(c, period.start, period.end) >= 2}, buyers),
            "churn_rate_literal": ((known - buyers) & bought_before, known - buyers),
            "churn_rate_active_base": (bought_before - buyers, bought_before),
        }
        for slice_ in self._people_slices(period):
            of = self._people(slice_, period)
            for metric, (above, below) in shares.items():
                yield metric, slice_, (len(of(above)), len(of(below)), open_)

    def _newcomers(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        open_ = period.end + days(30) > self.as_of
        registered = {c: day for c, day in self.facts.registered.items() if period.start <= day <= period.end}
        orders = {c: self._count(c, day, day + days(30)) for c, day in registered.items()}
        new = {c: day for c, day in self.first.items() if period.start <= day <= period.end}
        again = {c for c, day in new.items() if self._count(c, day + days(1), day + days(30))}
        for slice_ in self._people_slices(period):
            of = self._people(slice_, period)
            for number, metric in ((1, "registration_first_order_30d"), (2, "registration_second_order_30d")):
                yield metric, slice_, (len(of(c for c, count in orders.items() if count >= number)), len(of(registered)), open_)
            yield "new_buyer_repurchase_30d", slice_, (len(of(again)), len(of(new)), open_)

    def _retention(self, period: Period) -> Iterator[tuple[str, Slice, Value]]:
        half_year, final = add_months(period.start, -5), add_months(period.start, 4) - days(1)
        repeat = {c for c in self.everyone if self._count(c, half_year, period.end) >= 2}
        kept = repeat & self._buyers_between(period.end + days(1), final)
        for slice_ in self._people_slices(period):
            of = self._people(slice_, period)
            yield "repeat_customer_retention", slice_, (len(of(kept)), len(of(repeat)), final > self.as_of)
