"""Attribution, performance, tests and marketing KPIs of metrics.md in plain Python over rows, without a line in common with the SQL."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from pipelines.contracts.run import Run
from tests.dbt.lake import Row, TinyLake
from tests.oracle.facts import Oracle, Period, Purchase
from tests.oracle.kpis import Kpi, Value

NOTHING = Decimal(0)


@dataclass(frozen=True)
class Message:
    key: str
    channel: str
    campaign: str
    customer: str | None
    at: datetime | None
    on: date | None
    is_touch: bool
    delivered: bool
    opened: bool
    clicked: bool


@dataclass(frozen=True)
class Coupon:
    key: str
    channel: str
    campaign: str | None
    code: str
    customer: str | None
    status: str
    issued_on: date | None
    redeemed_at: datetime | None
    redeemed_on: date | None
    can_be_used: bool
    order_key: str | None


@dataclass(frozen=True)
class Attribution:
    purchase: Purchase
    campaign: str
    channel: str
    arm: str
    touch: str
    rule: str
    coupon_key: str | None
    send_key: str | None


class MarketingOracle(Oracle):
    """Everything that the marketing marts should say about one lake on one day."""

    def __init__(self, lake: TinyLake, run: Run) -> None:
        super().__init__(lake, run)
        self.campaign_rows = {row["campaign_key"]: row for row in lake.of("channel_campaigns")}
        self.messages = self._messages()
        self.coupons = [self._coupon(row) for row in lake.of("channel_coupons") if self._is_seen(row, row["issued_at"])]
        self.costs = [share for row in self.newest("channel_costs", "cost_key", "spent_from_on").values() for share in self._cost(row)]
        # segment -> customer -> row
        self.lists: dict[str, dict[str, Row]] = defaultdict(dict)
        for row in lake.of("segment_assignments"):
            self.lists[row["segment_name"]][row["customer_id"]] = row
        self.attributions = self._attributions()

    def _is_seen(self, row: Row, moment: datetime | None) -> bool:
        return bool(row["_exported_at"] < self.run.exported_before_at and (moment is None or moment < self.run.as_of_end_at))

    # --- facts

    def _messages(self) -> list[Message]:
        versions: dict[str, list[Row]] = defaultdict(list)
        for row in self.lake.of("channel_sends"):
            if self._is_seen(row, row["sent_at"]):
                versions[row["send_key"]].append(row)
        return [self._message(rows) for rows in versions.values()]

    def _message(self, rows: list[Row]) -> Message:
        newest = max(rows, key=lambda row: (row["_exported_at"], row["_load_id"], row["_source_row"]))
        words = {row["status"] for row in rows}

        def first(name: str) -> datetime | None:
            return min((row[name] for row in rows if row[name]), default=None)

        clicked = "clicked" in words or first("clicked_at") is not None
        opened = clicked or "opened" in words or first("opened_at") is not None
        campaign = f"{newest['channel']}:{newest['campaign_no']}" if newest["campaign_no"] else "unattributed"
        begins = self.campaign_rows.get(campaign, {}).get("starts_on")
        told = first("sent_at") or first("delivered_at") or first("opened_at") or first("clicked_at")
        moment = told or (begins and self.midnight(begins))
        return Message(
            key=newest["send_key"],
            channel=newest["channel"],
            campaign=campaign,
            customer=self.customer_of.get(newest["source_record_key"]),
            at=moment,
            on=self.day(moment) if moment else None,
            is_touch=newest["status"] not in {"bounced", "failed"},
            delivered=opened or "delivered" in words or first("delivered_at") is not None,
            opened=opened,
            clicked=clicked,
        )

    def _coupon(self, row: Row) -> Coupon:
        order_key = None
        if row["order_no"]:
            shops = {order["channel"] for order in self.orders.values()}
            keys = {key for key, order in self.orders.items() if order["order_no"] == row["order_no"]}
            keys = {key for key in keys if row["channel"] not in shops or key.startswith(row["channel"] + ":")}
            order_key = keys.pop() if len(keys) == 1 else f"{row['channel']}:{row['order_no']}"
        expired = row["expires_at"] is not None and row["expires_at"] < self.run.as_of_end_at
        return Coupon(
            key=row["coupon_key"],
            channel=row["channel"],
            campaign=f"{row['channel']}:{row['campaign_no']}" if row["campaign_no"] else None,
            code=row["coupon_code"],
            customer=self.customer_of.get(row["source_record_key"]),
            status=row["status"],
            issued_on=self.day(row["issued_at"]) if row["issued_at"] else None,
            redeemed_at=row["redeemed_at"],
            redeemed_on=self.day(row["redeemed_at"]) if row["redeemed_at"] else None,
            can_be_used=row["status"] == "issued" and row["issued_at"] is not None and not expired,
            order_key=order_key,
        )

    def _cost(self, row: Row) -> list[tuple[str, str, date, Decimal]]:
        """Channel, campaign, day and whole cents of each day that a line covers."""
        if row["spent_from_on"] > self.as_of:
            return []
        name = row["campaign_no"] or row["campaign_name"]
        campaign = f"{row['channel']}:{name}" if name else "unattributed"
        cents = int(self.converted(row["cost_amount"], row["currency_code"], row["spent_from_on"]) * 100)
        days = (row["spent_to_on"] - row["spent_from_on"]).days + 1
        shares = [Decimal(cents * (number + 1) // days - cents * number // days) / 100 for number in range(days)]
        dated = [(row["spent_from_on"] + timedelta(days=number), share) for number, share in enumerate(shares)]
        return [(row["channel"], campaign, day, share) for day, share in dated if day <= self.as_of]

    # --- attribution

    def arm_of(self, campaign: str, channel: str, customer: str | None) -> str:
        segment = campaign.removeprefix(channel + ":")
        if segment not in self.lists:
            return "all"
        row = self.lists[segment].get(customer or "")
        return self._arm(row) if row else "unassigned"

    @staticmethod
    def _arm(row: Row) -> str:
        if row["is_contaminated"]:
            return "contaminated"
        return "held_out" if row["outcome"] == "held_out" else row["arm"] or "all"

    def bought_at(self, purchase: Purchase) -> datetime:
        order = self.orders[purchase.order_key]
        moment: datetime = order["paid_at"] or order["ordered_at"]
        return moment

    def _attributions(self) -> dict[str, Attribution]:
        codes = {order["coupon_code"] for purchase in self.purchases if (order := self.orders[purchase.order_key])["coupon_code"]}
        campaigns_of: dict[str, set[str]] = defaultdict(set)
        bearers: dict[str, list[Coupon]] = defaultdict(list)
        for coupon in self.coupons:
            if coupon.campaign:
                campaigns_of[coupon.code].add(coupon.campaign)
                bearers[coupon.code].append(coupon)
        used_by_day: dict[str, list[Coupon]] = defaultdict(list)
        for coupon in self.coupons:
            if coupon.status == "redeemed" and coupon.campaign and not coupon.order_key and coupon.customer and coupon.code not in codes:
                same_day = [p for p in self.by_customer[coupon.customer] if p.on == coupon.redeemed_on]
                if same_day:
                    first = min(same_day, key=lambda p: (self.bought_at(p), p.order_key))
                    used_by_day[first.order_key].append(coupon)
        found = {}
        for purchase in self.purchases:
            used = [c for c in self.coupons if c.status == "redeemed" and c.campaign and c.order_key == purchase.order_key]
            code = self.orders[purchase.order_key]["coupon_code"]
            campaign = channel = coupon_key = None
            if used or (used_by_day[purchase.order_key] and len(campaigns_of.get(code, ())) != 1):
                rule = "coupon_order" if used else "coupon_day"
                last = sorted(used or used_by_day[purchase.order_key], key=lambda c: (c.campaign, c.key))
                best = max(last, key=lambda c: c.redeemed_at)  # type: ignore[arg-type, return-value]
                campaign, channel, coupon_key = best.campaign, best.channel, best.key
            elif code and len(campaigns_of[code]) == 1:
                rule, campaign, channel = "coupon_code", next(iter(campaigns_of[code])), bearers[code][0].channel
                coupon_key = bearers[code][0].key if len(bearers[code]) == 1 else None
            else:
                rule = "last_message"
            message = self._last_message(purchase, campaign)
            if not campaign and message:
                campaign, channel = message.campaign, message.channel
            if campaign and channel:
                arm = self.arm_of(campaign, channel, purchase.customer_id)
                touch = "send" if rule == "last_message" else "coupon"
                send_key = message.key if message else None
                found[purchase.order_key] = Attribution(purchase, campaign, channel, arm, touch, rule, coupon_key, send_key)
        return found

    def _last_message(self, purchase: Purchase, campaign: str | None) -> Message | None:
        if purchase.customer_id is None:
            return None
        moment = self.bought_at(purchase)
        before = [
            message
            for message in self.messages
            if message.customer == purchase.customer_id and message.is_touch and message.at and message.at <= moment
            if campaign in (None, message.campaign)
        ]
        last = max(before, key=lambda message: (message.at, message.campaign, message.key), default=None)
        window = self.run.config.marketing.attribution_days
        return last if last and last.on and (purchase.on - last.on).days <= window else None

    # --- campaigns

    def _is_returning(self, campaign: str) -> bool:
        reached = {m.campaign for m in self.messages} | {c.campaign for c in self.coupons}
        return campaign != "unattributed" and campaign in reached and campaign in {name for _, name, _, _ in self.costs}

    def rows_by_arm(self) -> dict[tuple[str, str, str], dict[str, Any]]:
        """Messages, coupons and purchases of each campaign, channel and arm that has any."""
        rows: dict[tuple[str, str, str], dict[str, Any]] = defaultdict(lambda: defaultdict(int))
        people: dict[tuple[str, str, str], dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
        converting = {a.send_key for a in self.attributions.values()}
        for message in self.messages:
            key = (message.campaign, message.channel, self.arm_of(message.campaign, message.channel, message.customer))
            people[key]["written"].add(message.customer or message.key)
            rows[key]["sent"] += 1
            rows[key]["delivered"] += message.delivered
            rows[key]["opened"] += message.opened
            rows[key]["clicked"] += message.clicked
            rows[key]["converted"] += message.delivered and message.key in converting
        for coupon in self.coupons:
            campaign = coupon.campaign or "unattributed"
            if coupon.issued_on is None and coupon.status != "redeemed":
                continue
            key = (campaign, coupon.channel, self.arm_of(campaign, coupon.channel, coupon.customer))
            rows[key]["coupons_issued"] += coupon.issued_on is not None
            rows[key]["coupons_redeemed"] += coupon.status == "redeemed"
            if coupon.status == "redeemed":
                people[key]["redeeming_customer_count"].add(coupon.customer or coupon.key)
        for found in self.attributions.values():
            key = (found.campaign, found.channel, found.arm)
            rows[key]["attributed_order_count"] += 1
            rows[key]["attributed_revenue"] += found.purchase.net
            people[key]["attributed_customer_count"].add(found.purchase.customer_id or found.purchase.order_key)
        for key, sets in people.items():
            rows[key] |= {name: len(members) for name, members in sets.items()}
        return rows

    def costs_by_campaign(self) -> dict[tuple[str, str], Decimal]:
        totals: dict[tuple[str, str], Decimal] = defaultdict(Decimal)
        for channel, campaign, _, share in self.costs:
            totals[campaign, channel] += share
        return totals

    def outcomes(self, segment: str) -> dict[str, list[tuple[int, Decimal]]]:
        """By arm, of each customer in the test: purchases and net amount in the days of the read-out after the first list."""
        window, found = self.run.config.marketing.readout_days, defaultdict(list)
        for customer, row in self.lists[segment].items():
            if not row["is_contaminated"]:
                inside = [p for p in self.by_customer[customer] if 0 < (p.on - row["assigned_on"]).days <= window]
                found[self._arm(row)].append((len(inside), sum((p.net for p in inside), NOTHING)))
        return found

    # --- KPIs

    def marketing_kpis(self) -> dict[Kpi, Value]:
        values: dict[Kpi, Value] = {}
        channels = {m.channel for m in self.messages} | {c.channel for c in self.coupons} | {cost[0] for cost in self.costs}
        channels |= {row["channel"] for row in self.campaign_rows.values()}
        channels |= {"segments"} if any(not self._is_told_of(segment) for segment in self.lists) else set()
        for period in self.periods():
            if period.grain in {"week", "month"}:
                for dimension, value in (("all", "all"), *(("channel", channel) for channel in channels)):
                    values |= self._of_period(period, dimension, value)
        return values

    def _is_told_of(self, segment: str) -> bool:
        told = {m.campaign for m in self.messages} | {c.campaign or "" for c in self.coupons} | {cost[1] for cost in self.costs}
        return any(name.partition(":")[2] == segment for name in told | set(self.campaign_rows))

    def _of_period(self, period: Period, dimension: str, value: str) -> dict[Kpi, Value]:
        def holds(day: date | None, channel: str) -> bool:
            return day is not None and period.start <= day <= period.end and value in {"all", channel}

        messages = [m for m in self.messages if m.delivered and holds(m.on, m.channel)]
        converting = {a.send_key for a in self.attributions.values()}
        issued = [c for c in self.coupons if holds(c.issued_on, c.channel)]
        earned = [a for a in self.attributions.values() if holds(a.purchase.on, a.channel)]
        spent = [cost for cost in self.costs if holds(cost[2], cost[0])]
        revenue = sum((a.purchase.net for a in earned), NOTHING)
        cost = sum((share for *_, share in spent), NOTHING)
        returned = sum((a.purchase.net for a in earned if self._is_returning(a.campaign)), NOTHING)
        returning_cost = sum((share for _, campaign, _, share in spent if self._is_returning(campaign)), NOTHING)
        is_open = period.end > self.as_of
        can_convert = period.end + timedelta(days=self.run.config.marketing.attribution_days) > self.as_of
        can_redeem = is_open or any(c.can_be_used for c in issued)
        found: dict[str, Value] = {
            "open_rate": (sum(m.opened for m in messages), len(messages), can_convert),
            "click_rate": (sum(m.clicked for m in messages), len(messages), can_convert),
            "conversion_rate": (sum(m.key in converting for m in messages), len(messages), can_convert),
            "coupon_redemption_rate": (sum(c.status == "redeemed" for c in issued), len(issued), can_redeem),
            "roas": (returned, returning_cost, is_open),
            "roi_net": (returned - returning_cost, returning_cost, is_open),
            "attributed_revenue": (revenue, None, is_open),
            "marketing_cost": (cost, None, is_open),
        }
        return {(metric, period.grain, period.start, dimension, value): result for metric, result in found.items()}
