"""The marts of analysis a second time, in plain Python over rows: brute force over baskets, pairs, days and customers."""

from __future__ import annotations

import calendar
import statistics
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import pairwise, permutations

from pipelines.contracts.run import Run
from pipelines.contracts.settings.patterns import AnalysisConfig
from tests.dbt.lake import Row, TinyLake
from tests.oracle.facts import Purchase, add_months
from tests.oracle.service import ServiceOracle

INTEREST = {"product_viewed", "product_added", "product_favorited", "cart_viewed", "checkout_started", "searched", "email_clicked"}
CONTACT = {"followed", "chatted", "visited", "added_staff"}
Item = str | None  # None: a line that names no product


@dataclass(frozen=True)
class Basket:
    purchase: Purchase
    pieces: dict[Item, Decimal | None]
    amounts: dict[Item, Decimal]

    @property
    def products(self) -> set[str]:
        return {product for product in self.amounts if product}

    def shares(self) -> dict[Item, Fraction]:
        """Part of the purchase's net amount, unrounded; all of it nobody's where no line tells of a product."""
        net, whole = Fraction(self.purchase.net), sum(self.amounts.values())
        if not self.amounts:
            return {None: net}
        if not whole:
            return dict.fromkeys(self.amounts, net / len(self.amounts))
        return {product: net * Fraction(amount) / Fraction(whole) for product, amount in self.amounts.items()}


@dataclass(frozen=True)
class Association:
    channel: str
    item_type: str
    item: str
    other: str
    both: int
    own: int
    others: int
    all_: int

    @property
    def confidence(self) -> float:
        return self.both / self.own

    @property
    def lift(self) -> float:
        return self.both * self.all_ / (self.own * self.others)


class AnalysisOracle(ServiceOracle):
    """Everything that the marts of analysis should say about one lake on one day."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        super().__init__(lake, run)
        self.rules: AnalysisConfig = run.config.analysis
        self.category = {row["product_key"]: row["category"] for row in lake.of("channel_products") if row["category"]}
        self.lines: dict[str, list[Row]] = defaultdict(list)
        for line in self.newest("channel_order_lines", "line_key", "ordered_at").values():
            self.lines[line["order_key"]].append(line)
        self.baskets = [
            self._basket(purchase)
            for purchase in self.purchases
            if self.orders[purchase.order_key]["paid_amount"] or purchase.net  # a gift of which money was given back, too
        ]

    def _basket(self, purchase: Purchase) -> Basket:
        pieces: dict[Item, Decimal | None] = {}
        amounts: dict[Item, Decimal] = defaultdict(Decimal)
        is_gift = not self.orders[purchase.order_key]["paid_amount"]
        for line in () if is_gift else self.lines[purchase.order_key]:
            amount, quantity = line["line_amount"], line["quantity"]
            if line["line_type"] != "sale" or (amount is not None and amount <= 0) or (quantity is not None and quantity <= 0):
                continue
            product = f"{line['channel']}:{line['product_id_channel']}" if line["product_id_channel"] else None
            amounts[product] += self.converted(amount, line["currency_code"], self.day(line["ordered_at"])) if amount else 0
            known = [one for one in (pieces.get(product), quantity) if one is not None]
            pieces[product] = sum(known, Decimal(0)) if known else None
        return Basket(purchase, pieces, dict(amounts))

    def within(self, days: int) -> list[Basket]:
        return [basket for basket in self.baskets if (self.as_of - basket.purchase.on).days < days]

    # --- what goes together

    def associations(self) -> list[Association]:
        found = []
        recent = [basket for basket in self.within(self.rules.basket_days) if basket.products]
        for channel in sorted({basket.purchase.channel for basket in recent}):
            products = [basket.products for basket in recent if basket.purchase.channel == channel]
            categories = [{self.category[one] for one in items if one in self.category} for items in products]
            found += self._pairs(channel, "product", products)
            found += self._pairs(channel, "category", [items for items in categories if items])
        return [one for one in found if one.lift >= float(self.rules.min_lift)]

    def _pairs(self, channel: str, item_type: str, baskets: list[set[str]]) -> list[Association]:
        count = Counter(item for basket in baskets for item in basket)
        least = max(Decimal(self.rules.min_basket_count), self.rules.min_support * len(baskets))
        together: Counter[tuple[str, str]] = Counter()
        for basket in baskets:
            frequent = sorted((item for item in basket if count[item] >= least), key=lambda item: (-count[item], item))
            together.update(permutations(frequent[: self.rules.basket_items], 2))
        return [
            Association(channel, item_type, one, other, both, count[one], count[other], len(baskets))
            for (one, other), both in together.items()
            if both >= least
        ]

    def cross_sell(self) -> dict[tuple[str, int], tuple[str, str]]:
        """Candidate and reason by customer and rank."""
        strongest = sorted(
            (one for one in self.associations() if one.item_type == "product"),
            key=lambda one: (-one.confidence, -one.lift, -one.both, one.item, one.other),
        )
        partners: dict[str, list[Association]] = defaultdict(list)
        for one in strongest:
            if len(partners[one.item]) < self.rules.cross_sell_partners:
                partners[one.item].append(one)
        offered = {}
        for customer in self.by_customer:
            bought: dict[str, date] = {}
            for basket in self.baskets:
                if basket.purchase.customer_id == customer:
                    bought |= {product: max(basket.purchase.on, bought.get(product, basket.purchase.on)) for product in basket.products}
            reasons = [product for product in bought if partners[product] and (self.as_of - bought[product]).days < self.rules.basket_days]
            reasons.sort(key=lambda product: (-bought[product].toordinal(), product))
            told: dict[str, str] = {}
            looked_up = {id(one) for reason in reasons[: self.rules.cross_sell_reasons] for one in partners[reason]}
            for one in strongest:
                if id(one) in looked_up and one.other not in bought:
                    told.setdefault(one.other, one.item)
            for rank, (product, reason) in enumerate(list(told.items())[: self.rules.cross_sell_per_customer], start=1):
                offered[customer, rank] = (product, reason)
        return offered

    # --- hot sellers

    def is_volume(self, product: str) -> bool:
        quantities = [
            line["quantity"]
            for lines in self.lines.values()
            for line in lines
            if line["line_type"] == "sale" and line["product_id_channel"] and f"{line['channel']}:{line['product_id_channel']}" == product
        ]
        told = [quantity for quantity in quantities if quantity is not None]
        large = sum(quantity >= self.rules.volume_from_quantity for quantity in told)
        return 2 * large > len(quantities) or any(quantity % 1 for quantity in told)

    def hot_sellers(self) -> dict[tuple[str, date, str, str], tuple[int | None, int, int, Fraction]]:
        """Pieces, purchases, buyers and unrounded net amount by grain, period, channel and product."""
        first = add_months(self.as_of.replace(day=1), 1 - self.rules.hot_seller_months)
        groups: dict[tuple[str, date, str, str], list[tuple[Basket, Item]]] = defaultdict(list)
        for basket in self.baskets:
            for product in basket.shares():
                day, channel = basket.purchase.on, basket.purchase.channel
                for grain, start in (("week", day - timedelta(days=day.weekday())), ("month", day.replace(day=1))):
                    if start >= first:
                        groups[grain, start, channel, product or "unattributed"].append((basket, product))
        sold = {}
        for key, members in groups.items():
            pieces = [basket.pieces[product] for basket, product in members if product and basket.pieces[product] is not None]
            counted = bool(pieces) and not self.is_volume(key[3])
            sold[key] = (
                int(sum(piece for piece in pieces if piece is not None)) if counted else None,
                len(members),
                len({basket.purchase.customer_id for basket, _ in members} - {None}),
                sum((basket.shares()[product] for basket, product in members), Fraction(0)),
            )
        return sold

    # --- seasons and intervals

    def seasons(self) -> dict[tuple[str, str, int], tuple[int, int, int, float, date, date]]:
        """Years, days in season, all days, share, first and last day of the next season by customer, item and month."""
        days: dict[tuple[str, str], set[date]] = defaultdict(set)
        for basket in self.baskets:
            for product in basket.products:
                if basket.purchase.customer_id:
                    days[basket.purchase.customer_id, self.category.get(product, product)].add(basket.purchase.on)
        found = {}
        for (customer, item), bought in days.items():
            for month in {day.month for day in bought}:
                season = [day for day in bought if day.month == month]
                years = {day.year for day in season}
                if len(years) < self.rules.seasonal_from_years or len(season) / len(bought) < self.rules.seasonal_from_share:
                    continue
                year = self.as_of.year
                over = date(year, month, calendar.monthrange(year, month)[1]) < self.as_of
                due = year + 1 if over or year in years else year
                last = date(due, month, calendar.monthrange(due, month)[1])
                found[customer, item, month] = (
                    len(years),
                    len(season),
                    len(bought),
                    len(season) / len(bought),
                    date(due, month, 1),
                    last,
                )
        return found

    def purchase_days(self) -> dict[tuple[str, str | None], list[date]]:
        days: dict[tuple[str, str | None], set[date]] = defaultdict(set)
        for customer, bought in self.by_customer.items():
            days[customer, None] = {purchase.on for purchase in bought}
        for basket in self.baskets:
            for product in basket.products & self.category.keys():
                if basket.purchase.customer_id:
                    days[basket.purchase.customer_id, self.category[product]].add(basket.purchase.on)
        return {key: sorted(value) for key, value in days.items() if len(value) > 1}

    def intervals(self) -> dict[tuple[str, str | None], tuple[int, Decimal, Decimal, date, date | None]]:
        found = {}
        for key, days in self.purchase_days().items():
            gaps = _gaps(days)
            median = Decimal(statistics.median(gaps))
            expected = days[-1] + timedelta(days=int(median + Decimal("0.5"))) if len(gaps) >= self.rules.interval_from_count else None
            found[key] = (len(gaps), median, Decimal(sum(gaps)) / len(gaps), days[-1], expected)
        return found

    def interval_distribution(self) -> dict[tuple[str | None, int], tuple[int, int]]:
        """Intervals and customers by category and length."""
        members: dict[tuple[str | None, int], list[str]] = defaultdict(list)
        for (customer, category), days in self.purchase_days().items():
            for gap in _gaps(days):
                members[category, gap].append(customer)
        return {key: (len(customers), len(set(customers))) for key, customers in members.items()}

    # --- the journey and its end

    def funnel(self) -> dict[tuple[str, date], list[tuple[int, int]]]:
        """Reached and did, for the five stages, by grain and period in which customers became known."""
        events = self.newest("channel_events", "event_key", "occurred_at").values()
        touches = self.newest("channel_interactions", "interaction_key", "occurred_at").values()
        signs = {self.customer(row) for row in events if row["event_name"] in INTEREST}
        signs |= {self.customer(row) for row in touches if row["interaction_type"] in CONTACT}
        answers = [row for row in self.reviews.values() if row["review_type"] == "nps" and row["score"] is not None]
        promoters = {self.customer(row) for row in answers if row["score"] >= self.run.config.service.promoter_from_score}
        cohorts: dict[tuple[str, date], list[str]] = defaultdict(list)
        for row in self.lake.of("golden_customers"):
            if day := self.known_on(row["customer_id"]):
                cohorts["month", day.replace(day=1)].append(row["customer_id"])
                cohorts["quarter", date(day.year, (day.month - 1) // 3 * 3 + 1, 1)].append(row["customer_id"])
        found = {}
        for key, customers in cohorts.items():
            known = set(customers)
            buyers = {customer for customer in known if self.by_customer.get(customer)}
            again = {customer for customer in buyers if len({purchase.on for purchase in self.by_customer[customer]}) > 1}
            reached = (known, (signs & known) | buyers, buyers, again, again & promoters)
            did = (known, signs & known, buyers, again, promoters & known)
            found[key] = [(len(one), len(other)) for one, other in zip(reached, did, strict=True)]
        return found

    def churn_reasons(self) -> dict[str, tuple[str, dict[str, int], date]]:
        """Stage, number of facts by reason, and last order, by customer with an order that is old enough."""
        window = timedelta(days=self.rules.churn_reason_days)
        valid = {
            key: order
            for key, order in self.orders.items()
            if order["order_type"] == "sale" and order["status"] in {"paid", "shipped", "completed", "refunded"}
        }
        usual = {
            (channel, milestone): self._usual(self._delay(order, milestone) for order in valid.values() if order["channel"] == channel)
            for channel in {order["channel"] for order in valid.values()}
            for milestone in ("shipped_at", "completed_at")
        }
        found = {}
        for customer in (row["customer_id"] for row in self.lake.of("golden_customers")):
            stage = self.lifecycle(customer, self.as_of)
            own = [order for order in valid.values() if self.customer(order) == customer]
            days = [self.day(order["ordered_at"]) for order in own]
            last = max((day for day in days if day <= self.as_of - window), default=None)
            if last is None or stage == "prospect":
                continue
            recent = [order for order in own if last - window <= self.day(order["ordered_at"]) <= last]
            complaints = [row for row in self.tickets.values() if self.customer(row) == customer and row["ticket_type"] == "complaint"]
            low = [row for row in self.reviews.values() if self.customer(row) == customer and self._is_low(row)]
            reasons = {
                "refund": sum(self._refunded(one) > 0 for one in recent),
                "late_delivery": sum(self._is_late(one, usual) for one in recent),
                "complaint": sum(abs(self.day(row["created_at"]) - last) <= window for row in complaints),
                "low_score": sum(abs(self.day(row["reviewed_at"]) - last) <= window for row in low),
            }
            found[customer] = (stage, {reason: count for reason, count in reasons.items() if count} or {"none_found": 0}, last)
        return found

    def _is_low(self, review: Row) -> bool:
        bound = self.run.config.service.detractor_up_to_score if review["review_type"] == "nps" else self.rules.low_score_up_to
        return review["score"] is not None and review["score"] <= bound

    def _delay(self, order: Row, milestone: str) -> int | None:
        moment = order[milestone]
        return None if moment is None else (moment - (order["paid_at"] or order["ordered_at"])).days

    def _usual(self, delays: Iterable[int | None]) -> int | None:
        known = sorted(delay for delay in delays if delay is not None and delay >= 0)
        quantile = Fraction(self.rules.late_from_quantile)
        return next((delay for number, delay in enumerate(known, start=1) if number >= quantile * len(known)), None)

    def _is_late(self, order: Row, usual: dict[tuple[str, str], int | None]) -> bool:
        for milestone in ("shipped_at", "completed_at"):
            delay, bound = self._delay(order, milestone), usual[order["channel"], milestone]
            if delay is not None and bound is not None and delay > bound:
                return True
        return False

    # --- who brings the money

    def spenders(self) -> list[tuple[Decimal, str | None, int]]:
        """Net amount, customer and purchases of the window, highest amount first; purchases of nobody are one of them."""
        spent: dict[str | None, list[Decimal]] = defaultdict(list)
        for purchase in self.purchases:
            if (self.as_of - purchase.on).days < self.rules.pareto_days:
                spent[purchase.customer_id].append(purchase.net)
        return sorted(((sum(nets, Decimal(0)), customer, len(nets)) for customer, nets in spent.items()), key=lambda one: -one[0])


def _gaps(days: list[date]) -> list[int]:
    return [(later - day).days for day, later in pairwise(days)]
