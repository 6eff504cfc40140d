"""Random messages, coupons, costs and lists on top of a history: at the edges of days and windows, twice, of nobody, without a day."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.lake import Row, TinyLake, at

NUMBERS = ("spring", "summer", "win_back", "thanks", None)
SEGMENTS = {"win_back": ("coupon", "reminder", None), "thanks": ("", None), "unsent": ("", None)}  # "" without arms, None held out
REGISTRY = (
    ("big", Decimal("5000.50"), ("sms:spring", "ads:search", "segments:win_back")),
    ("quiet", Decimal("10.00"), ("post:never", "segments:unlisted")),
    ("free", None, ("mail:summer", "segments:unsent")),
)
# from a message to the order after it; 0 is the same moment
GAPS = tuple(timedelta(days=days, hours=hours) for days in (0, 1, 6, 7, 8) for hours in (-23, -1, 0, 1, 23))


class Campaigns:
    """Adds to `lake`, which holds people and orders. The same seed gives the same facts."""

    def __init__(self, lake: TinyLake, seed: int, as_of: date) -> None:
        self.random, self.lake, self.as_of = random.Random(f"campaigns/{seed}"), lake, as_of
        self.orders = {row["order_key"]: row for row in lake.of("channel_orders")}
        self.people = sorted({row["source_record_key"] for row in lake.of("identity_current")})
        self.customers = sorted({row["customer_id"] for row in lake.of("identity_current")})
        self.campaigns()
        for number, order in enumerate(self.random.choices(list(self.orders.values()), k=260)):
            self.message(number, order)
        for number, order in enumerate(self.random.choices(list(self.orders.values()), k=90)):
            self.coupon(number, order)
        for number in range(40):
            self.cost(number)
        self.lists()
        self.registry()

    def campaigns(self) -> None:
        for channel in ("sms", "post"):
            for number in ("spring", "summer"):
                starts_on = self.as_of - timedelta(days=self.random.choice((20, 60, 200)))
                self.lake.add(
                    "channel_campaigns",
                    channel=channel,
                    campaign_key=f"{channel}:{number}",
                    campaign_no=number,
                    starts_on=starts_on if self.random.random() < 0.8 else None,
                    ends_on=starts_on + timedelta(days=self.random.choice((0, 6, 30))) if self.random.random() < 0.7 else None,
                )

    def message(self, number: int, order: Row) -> None:
        pick = self.random
        bought_at: datetime = order["paid_at"] or order["ordered_at"]
        sent_at = bought_at - pick.choice(GAPS)
        channel = pick.choice(("sms", "sms", "mail", "post"))
        row: dict[str, Any] = {
            "channel": channel,
            "send_key": f"{channel}:{number}",
            "campaign_no": pick.choice(NUMBERS),
            "source_record_key": pick.choice((order["source_record_key"], order["source_record_key"], pick.choice(self.people))),
            "medium": "sms",
            "_exported_at": sent_at + timedelta(hours=1),
        }
        if channel == "post":
            self.lake.add("channel_sends", status="sent", **row)
            return
        if channel == "mail":  # only what came back is told
            for copy in range(pick.choice((1, 2))):
                clicked = pick.random() < 0.3
                late = timedelta(days=copy * 2)
                row |= {"_load_id": f"m{copy}", "_exported_at": sent_at + late + timedelta(hours=1)}
                status = "clicked" if clicked else pick.choice(("opened", "opened", "bounced"))
                opened_at = None if status == "bounced" else sent_at + late
                self.lake.add("channel_sends", status=status, opened_at=opened_at, clicked_at=opened_at if clicked else None, **row)
            return
        status = pick.choice(("sent", "delivered", "delivered", "failed", "opened"))
        for copy in range(pick.choice((1, 1, 2))):  # two messages of one moment
            same = row | {"send_key": f"sms:{number}-{copy}", "campaign_no": row["campaign_no"] if not copy else pick.choice(NUMBERS)}
            self.lake.add("channel_sends", status=status, sent_at=sent_at, **same)

    def coupon(self, number: int, order: Row) -> None:
        pick = self.random
        bought_at: datetime = order["paid_at"] or order["ordered_at"]
        kind = pick.choice(("number", "own number", "code", "shared code", "day", "unused", "unused"))
        code = {"code": f"K{number}", "shared code": f"S{number % 5}"}.get(kind, f"P{number % 40}")
        row: dict[str, Any] = {
            "channel": order["channel"] if kind == "own number" else "coupons",
            "coupon_code": code,
            "campaign_no": pick.choice(NUMBERS),
            "source_record_key": pick.choice((order["source_record_key"], None)) if kind != "day" else order["source_record_key"],
            "status": "issued" if kind in {"code", "shared code", "unused"} else "redeemed",
            "issued_at": pick.choice((None, bought_at - timedelta(days=pick.choice((0, 3, 40))))),
            "redeemed_at": None if kind in {"code", "shared code", "unused"} else bought_at - timedelta(minutes=pick.choice((0, 90))),
            "expires_at": pick.choice((None, bought_at + timedelta(days=30))),
            "order_no": order["order_no"] if kind.endswith("number") else None,
            "_exported_at": bought_at + timedelta(hours=1),
        }
        self.lake.add("channel_coupons", coupon_key=f"{row['channel']}:k{number}", **row)
        if kind.endswith("code"):
            for version in self.lake.of("channel_orders"):
                if version["order_key"] == order["order_key"]:
                    version["coupon_code"] = code

    def cost(self, number: int) -> None:
        pick = self.random
        day = self.as_of - timedelta(days=pick.choice((-1, 0, 5, 29, 30, 100, 300)))
        channel, campaign = pick.choice((("sms", "spring"), ("sms", "win_back"), ("mail", "summer"), ("ads", "search"), ("ads", None)))
        self.lake.add(
            "channel_costs",
            channel=channel,
            cost_key=f"{channel}:bill{number}",
            campaign_no=campaign if pick.random() < 0.7 else None,
            campaign_name=campaign,
            spent_from_on=day,
            spent_to_on=day + timedelta(days=pick.choice((0, 0, 2, 6, 45))),
            currency_code=pick.choice(("CNY", "CNY", "USD")),
            cost_amount=Decimal(pick.randint(0, 99_999)) / 100,
            impression_count=pick.choice((None, 1000)),
            click_count=pick.choice((None, 17)),
            _exported_at=datetime(day.year, day.month, day.day, tzinfo=UTC),
        )

    def lists(self) -> None:
        pick = self.random
        for segment, arms in SEGMENTS.items():
            for customer in self.customers:
                if pick.random() < 0.2:
                    continue
                arm = pick.choice(arms)
                bought = [row["ordered_at"] for row in self.orders.values() if row["source_record_key"] in self._records(customer)]
                edge = at(self.as_of - timedelta(days=60)) if not bought else pick.choice(bought)
                self.lake.add(
                    "segment_assignments",
                    segment_name=segment,
                    customer_id=customer,
                    outcome="held_out" if arm is None else "exported",
                    arm=arm or None,
                    assigned_on=min(edge.date() - timedelta(days=pick.choice((0, 1, 29, 30, 31))), self.as_of - timedelta(days=1)),
                    is_contaminated=pick.random() < 0.08,
                )

    def registry(self) -> None:
        """What was planned: a campaign with lists, messages and bills; one of which nothing has come; one without a budget."""
        for name, budget, sources in REGISTRY:
            self.lake.add(
                "campaign_registry",
                registered_name=name,
                planned_from_on=self.as_of - timedelta(days=9),
                planned_to_on=self.as_of + timedelta(days=9),
                budget_amount=budget,
            )
            for key in sources:
                channel, number = key.split(":")
                self.lake.add("campaign_sources", source_key=key, channel=channel, campaign_no=number, registered_name=name)

    def _records(self, customer: str) -> set[str]:
        return {row["source_record_key"] for row in self.lake.of("identity_current") if row["customer_id"] == customer}
