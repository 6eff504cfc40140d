"""What happens after the sale a second time, in plain Python over rows: facts, stores, and the metrics of service and loyalty."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from pipelines.contracts.run import Run
from tests.dbt.lake import Row, TinyLake
from tests.oracle.facts import CENT, Oracle
from tests.oracle.kpis import Kpi

Figure = tuple[Decimal | int | None, Decimal | int | None, bool]


class ServiceOracle(Oracle):
    """Everything that the marts of service and loyalty should say about one lake on one day."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        super().__init__(lake, run)
        self.tickets = self.newest("channel_tickets", "ticket_key", "created_at")
        self.reviews = self.newest("channel_reviews", "review_key", "reviewed_at")
        self.points = self.newest("channel_points", "points_key", "occurred_at")
        self.visible_orders = [
            row
            for row in lake.of("channel_orders")
            if row["_exported_at"] < run.exported_before_at and row["ordered_at"] < run.as_of_end_at
        ]
        self.selling = {row["channel"] for row in self.visible_orders}

    def order_of(self, fact: Row) -> str | None:
        """The order that a fact names by number: of its own channel, else of the only shop that has the number."""
        number = fact["order_no"]
        if number is None:
            return None
        own = {row["order_key"] for row in self.visible_orders if row["order_no"] == number and row["channel"] == fact["channel"]}
        if len(own) == 1:
            return str(own.pop())
        anywhere = {row["order_key"] for row in self.visible_orders if row["order_no"] == number}
        return str(anywhere.pop()) if len(anywhere) == 1 and fact["channel"] not in self.selling else None

    def customer(self, fact: Row) -> str | None:
        return self.customer_of.get(fact["source_record_key"])

    def known(self, moment: datetime | None) -> datetime | None:
        return moment if moment and moment < self.run.as_of_end_at else None

    def seconds(self, ticket: Row, until: str) -> int | None:
        """Whole seconds from the opening of a case; None where it has not happened, or clocks contradict each other."""
        moment = self.known(ticket[until])
        if moment is None or moment < ticket["created_at"]:
            return None
        return int((moment - ticket["created_at"]).total_seconds())

    def is_solved_later(self, ticket: Row) -> bool:
        return ticket["solved_at"] is not None and ticket["solved_at"] >= self.run.as_of_end_at

    def score(self, ticket: Row) -> int | None:
        score: int | None = ticket["satisfaction_score"]
        return None if self.is_solved_later(ticket) else score

    @cached_property
    def stores(self) -> dict[str, dict[str, Any]]:
        """Every store that anybody names, with its region and who says so."""
        listed = {row["store_key"]: row for row in sorted(self.lake.of("channel_stores"), key=lambda row: row["_exported_at"])}
        organized = {row["unit"]: row for row in self.lake.of("organization") if row["kind"] == "store"}
        stock = [
            row
            for row in self.lake.of("channel_stock")
            if row["_exported_at"] < self.run.exported_before_at and row["counted_on"] <= self.as_of
        ]
        named = {f"{row['channel']}:{row['store_id_channel']}" for row in (*self.visible_orders, *stock) if row["store_id_channel"]}
        found = {}
        for store in {*named, *listed, *organized}:
            by_tree, by_list = organized.get(store, {}).get("region"), listed.get(store, {}).get("region")
            found[store] = {
                "region": by_tree or by_list or "unassigned",
                "region_source": "organization" if by_tree else "store_list" if by_list else "nobody",
                "store_name": listed.get(store, {}).get("store_name") or store.partition(":")[2],
                "has_orders": any(f"{row['channel']}:{row['store_id_channel']}" == store for row in self.visible_orders),
            }
        return found

    # --- metrics

    def place(self, order_key: str | None) -> dict[str, str]:
        """Store and region of an order; what belongs to none is unattributed."""
        order = self.orders.get(order_key) if order_key else None
        store = f"{order['channel']}:{order['store_id_channel']}" if order and order["store_id_channel"] else "unattributed"
        region: str = self.stores[store]["region"] if store != "unattributed" else store
        return {"store": store, "region": region}

    @cached_property
    def cases(self) -> list[Case]:
        rules, found = self.run.config.service, []
        for ticket in self.tickets.values():
            order = self.order_of(ticket)
            found.append(
                Case(
                    on=self.day(ticket["created_at"]),
                    slices={"channel": ticket["channel"], **self.place(order)},
                    order_channel=order.partition(":")[0] if order else "unattributed",
                    kind=ticket["ticket_type"],
                    is_open=self.is_solved_later(ticket) or ticket["status"] in {"open", "pending"},
                    response=self.seconds(ticket, "first_replied_at"),
                    resolution=self.seconds(ticket, "solved_at"),
                    score=self.score(ticket),
                    is_satisfied=(self.score(ticket) or 0) >= rules.satisfied_from_score,
                )
            )
        return found

    def service_kpis(self) -> dict[Kpi, Figure]:
        """Every metric on service, by period, dimension and value: numerator, denominator, whether provisional."""
        rules = self.run.config.service
        values: dict[Kpi, Figure] = {}
        answers = [
            (self.day(row["reviewed_at"]), {"channel": row["channel"], **self.place(self.order_of(row))}, row["review_type"], row["score"])
            for row in self.reviews.values()
            if row["score"] is not None
        ]
        purchases = [(p.on, {"channel": p.channel, **self.place(p.order_key)}) for p in self.purchases]
        for period in self.periods():
            if period.grain == "day":
                continue
            cases = [case for case in self.cases if period.start <= case.on <= period.end]
            told = [(slices, kind, score) for on, slices, kind, score in answers if period.start <= on <= period.end]
            bought = [slices for on, slices in purchases if period.start <= on <= period.end]
            complaints = [{**case.slices, "channel": case.order_channel} for case in cases if case.kind == "complaint"]
            is_over = period.end <= self.as_of
            for dimension in ("all", "channel", "store", "region"):

                def of(slices: dict[str, str], dimension: str = dimension) -> str:
                    return "all" if dimension == "all" else slices[dimension]

                for value in {"all"} if dimension == "all" else {of(case.slices) for case in cases}:
                    mine = [case for case in cases if of(case.slices) == value]
                    responses = [case.response for case in mine if case.response is not None]
                    resolutions = [case.resolution for case in mine if case.resolution is not None]
                    scores = [case for case in mine if case.score is not None]
                    unanswered = not is_over or any(case.is_open and case.response is None for case in mine)
                    unsolved = not is_over or any(case.is_open and case.resolution is None for case in mine)
                    unrated = not is_over or any(case.is_open and case.score is None for case in mine)
                    within = sum(seconds <= rules.first_response_target_seconds for seconds in responses)
                    figures: dict[str, Figure] = {
                        "csat": (sum(case.is_satisfied for case in scores), len(scores), unrated),
                        "first_response_within_target_rate": (within, len(responses), unanswered),
                        "first_response_seconds_median": (quantile(responses, 0.5), None, unanswered),
                        "first_response_seconds_p90": (quantile(responses, 0.9), None, unanswered),
                        "resolution_seconds_median": (quantile(resolutions, 0.5), None, unsolved),
                        "resolution_seconds_p90": (quantile(resolutions, 0.9), None, unsolved),
                    }
                    values |= {(metric, period.grain, period.start, dimension, value): figure for metric, figure in figures.items()}
                for value in {"all"} if dimension == "all" else {of(slices) for slices in (*complaints, *bought)}:
                    above, below = ([slices for slices in facts if of(slices) == value] for facts in (complaints, bought))
                    values["complaint_rate", period.grain, period.start, dimension, value] = (len(above), len(below), not is_over)
                for metric, kinds in (("nps", {"nps"}), ("positive_review_share", {"product", "service"})):
                    given = [(of(slices), score) for slices, kind, score in told if kind in kinds]
                    for value in {"all"} if dimension == "all" else {value for value, _ in given}:
                        mine_scores = [score for slice_, score in given if slice_ == value]
                        good = rules.promoter_from_score if metric == "nps" else rules.positive_review_from_score
                        bad = rules.detractor_up_to_score if metric == "nps" else -1
                        vote = sum(score >= good for score in mine_scores) - sum(score <= bad for score in mine_scores)
                        values[metric, period.grain, period.start, dimension, value] = (vote, len(mine_scores), not is_over)
        return values

    # --- loyalty

    def level(self, money: Decimal, count: int) -> str:
        levels = self.run.config.loyalty.levels
        reached = [
            name
            for name, bound in (("gold", levels.gold), ("silver", levels.silver))
            if money >= bound.net_amount_from or count >= bound.order_count_from
        ]
        return reached[0] if reached else "normal"

    def year(self, customer: str, day: date) -> tuple[Decimal, int]:
        """Net amount and number of the purchases of the 365 days up to `day`."""
        inside = [purchase for purchase in self.by_customer[customer] if 0 <= (day - purchase.on).days < 365]
        return sum((purchase.net for purchase in inside), Decimal(0)), len(inside)

    def loyalty_kpis(self) -> dict[Kpi, Figure]:
        """Every metric on loyalty, by period, dimension and value."""
        values: dict[Kpi, Figure] = {}
        moved = [(self.day(row["occurred_at"]), row["channel"], row["reason"], row["points_delta"]) for row in self.points.values()]
        for period in self.periods():
            if period.grain == "day":
                continue
            inside = [(channel, reason, delta) for on, channel, reason, delta in moved if period.start <= on <= period.end]
            for dimension, value in [("all", "all"), *(("channel", channel) for channel in {channel for channel, *_ in inside})]:
                sums = {
                    name: abs(sum(delta for channel, reason, delta in inside if reason == name and value in {"all", channel}))
                    for name in ("earned", "redeemed", "expired")
                }
                key, is_open = (period.grain, period.start, dimension, value), period.end > self.as_of
                values["points_issued", *key] = (sums["earned"], None, is_open)
                values["points_redeemed", *key] = (sums["redeemed"], None, is_open)
                values["points_expired", *key] = (sums["expired"], None, is_open)
                values["points_redemption_rate", *key] = (sums["redeemed"], sums["earned"], is_open)
            if period.grain == "month" and period.end <= self.as_of:
                years = [self.year(customer, period.end) for customer in list(self.by_customer)]
                levels = [self.level(*year) for year in years if year[1]]
                for level in ("normal", "silver", "gold"):
                    values[f"{level}_level_customers", "month", period.start, "all", "all"] = (levels.count(level), None, False)
        return values

    def levels(self) -> dict[str, tuple[str, str | None, str]]:
        """Level, level that a channel states, and how they agree, of every customer."""
        names, order = self.run.config.loyalty.level_names, ("normal", "silver", "gold")
        known = {name: level for level, all_ in zip(order, (names.normal, names.silver, names.gold), strict=True) for name in all_}
        found = {}
        for row in self.lake.of("golden_customers"):
            level, word = self.level(*self.year(row["customer_id"], self.as_of)), row["member_level"]
            stated = known.get(word.strip().lower()) if word else None
            statement = "not_stated" if word is None else "unknown_name"
            if stated:
                higher = order.index(stated) - order.index(level)
                statement = "agrees" if not higher else "stated_higher" if higher > 0 else "stated_lower"
            found[row["customer_id"]] = (level, stated, statement)
        return found

    def points_differences(self) -> list[tuple[str, str | None, str, int, int]]:
        """Customer, order, reason, points expected and recorded, of everything that does not agree."""
        claims = [row for row in self.points.values() if row["reason"] in {"earned", "adjusted"} and self.customer(row)]
        ledgers = {row["channel"] for row in self.points.values()}
        accounts = {customer for record, customer in self.customer_of.items() if record.partition(":")[0] in ledgers}
        accounts |= {self.customer(row) for row in claims}
        begun: dict[str, date] = {}
        for row in self.points.values():
            order, day = self.order_of(row), self.day(row["occurred_at"])
            if order and row["reason"] in {"earned", "adjusted"}:
                channel = order.partition(":")[0]
                begun[channel] = min(begun.get(channel, day), day)
        recorded: dict[tuple[str, str], int] = defaultdict(int)
        earned: dict[tuple[str | None, str], int] = defaultdict(int)
        found: list[tuple[str, str | None, str, int, int]] = []
        for row in claims:
            order, customer = self.order_of(row), self.customer(row)
            if order and customer:
                recorded[customer, order] += row["points_delta"]
                earned[customer, order] += row["points_delta"] if row["reason"] == "earned" else 0
            elif customer and row["points_delta"]:
                found.append((customer, None, "without_order", 0, row["points_delta"]))
        bought = {purchase.order_key: purchase for purchase in self.purchases}
        due = {
            (p.customer_id, p.order_key): int(p.net * self.run.config.loyalty.points_per_unit)
            for p in self.purchases
            if p.customer_id in accounts and p.channel in begun and (p.on >= begun[p.channel] or (p.customer_id, p.order_key) in recorded)
        }
        for customer_id, order_key in {*due, *recorded}:
            want, have = due.get((customer_id, order_key), 0), recorded.get((customer_id, order_key), 0)  # type: ignore[arg-type]
            if want == have:
                continue
            if (customer_id, order_key) not in recorded:
                reason = "not_recorded"
            elif (customer_id, order_key) in due:
                reason = "taken_back" if earned[customer_id, order_key] == want else "other_points"
            else:
                reason = "order_of_another" if order_key in bought else "no_purchase"
            found.append((customer_id, order_key, reason, want, have))  # type: ignore[arg-type]
        return found


@dataclass(frozen=True)
class Case:
    on: date
    slices: dict[str, str]
    order_channel: str
    kind: str | None
    is_open: bool
    response: int | None
    resolution: int | None
    score: int | None
    is_satisfied: bool


def quantile(values: list[int], share: float) -> Decimal | None:
    """The value at `share` of the way through the sorted values, between two of them interpolated; None for none."""
    if not values:
        return None
    ordered, place = sorted(values), Decimal(str(share)) * (len(values) - 1)
    below = int(place)
    above = min(below + 1, len(ordered) - 1)
    return (ordered[below] + (place - below) * (ordered[above] - ordered[below])).quantize(CENT, ROUND_HALF_UP)
