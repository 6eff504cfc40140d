"""Random nights of one shop: each delivers more loads, some of old facts, and changes who is who. Says nothing of what comes of them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from assets.continuing import BuildFacts
from pipelines.contracts.run import Run
from tests.dbt.history import CHANNELS, History
from tests.dbt.lake import Row, TinyLake, at

_TABLES_OF_PEOPLE = {"identity_current", "golden_customers"}
_STATES = ("open", "pending", "solved")
_TWIN = "/twin"


class Nights:
    """The facts of one seed, and on which of `days` each row is delivered. The same seed gives the same nights."""

    def __init__(self, seed: int, days: Sequence[date]) -> None:
        self.random, self.days = random.Random(f"nights/{seed}"), days
        self.whole = History(seed, days[-1]).lake
        self.records = sorted(row["source_record_key"] for row in self.whole.of("identity_current"))
        self.orders = self.whole.of("channel_orders")
        for order in self.random.sample(self.orders, 40):
            self.twin(order)
        for number in range(80):
            self.line(number)
            self.case(number)
            self.claim(number)
            self.reference(number)
            self.listing(number)
        self.night_of = {
            name: [self.random.choice((*[0] * 20, *range(len(days)))) for _ in rows] for name, rows in sorted(self.whole.rows.items())
        }
        for place, order in enumerate(self.whole.of("channel_orders")):
            if order["order_key"].endswith(_TWIN):
                self.night_of["channel_orders"][place] = self.random.randrange(1, len(days))

    def twin(self, order: Row) -> None:
        """A later order that differs by its key and number alone: tables without them have a second row like the first."""
        self.whole.add("channel_orders", **order | {name: f"{order[name]}{_TWIN}" for name in ("order_key", "order_no")})

    def line(self, number: int) -> None:
        """A line of an order in one or two versions; now and then a till lists the articles of an order besides."""
        pick = self.random
        order = pick.choice(self.orders)
        item = "item/" if number % 7 == 0 else ""
        for version in range(pick.choice((1, 1, 2))):
            self.whole.add(
                "channel_order_lines",
                channel=order["channel"],
                line_key=f"{order['order_key']}/{item}{number}",
                order_key=order["order_key"],
                line_type="sale",
                ordered_at=order["ordered_at"],
                # some articles are new on a night, and come before others by their key
                product_id_channel=f"0{number}" if number % 3 == 0 else f"{number % 5}",
                currency_code="CNY",
                line_amount=Decimal(pick.randint(100, 9_000)) / 100,
                _load_id=f"l{version}",
                _exported_at=order["ordered_at"] + timedelta(hours=1),
            )

    def case(self, number: int) -> None:
        """A ticket that is answered and solved around the last days, and a review."""
        pick = self.random
        created_at = at(self.days[-1] - timedelta(days=pick.randint(0, 40)), pick.choice((0, 12, 23.99)))
        order = pick.choice(self.orders)
        self.whole.add(
            "channel_tickets",
            channel="desk",
            ticket_key=f"desk:{number}",
            source_record_key=pick.choice(self.records),
            status=pick.choice(_STATES),
            ticket_type=pick.choice(("complaint", "question", None)),
            order_no=pick.choice((None, order["order_no"])),
            created_at=created_at,
            first_replied_at=created_at + timedelta(hours=2),
            solved_at=pick.choice((None, created_at + timedelta(days=1))),
            _exported_at=created_at + timedelta(hours=3),
        )
        self.whole.add(
            "channel_reviews",
            channel=pick.choice(CHANNELS),
            review_key=f"reviews:{number}",
            review_type=pick.choice(("nps", "product")),
            source_record_key=pick.choice(self.records),
            score=pick.randint(1, 5),
            reviewed_at=created_at,
            _exported_at=created_at,
        )

    def reference(self, number: int) -> None:
        """A payment, a coupon and points that name an order by number: it may be told of later, and a second shop's of that number, too."""
        pick = self.random
        order = pick.choice(self.orders)
        happened_at = order["ordered_at"] + timedelta(minutes=5)
        issuer = pick.choice((order["channel"], "wechatpay"))
        common = {"source_record_key": pick.choice((None, *self.records)), "_exported_at": happened_at + timedelta(hours=1)}
        self.whole.add(
            "channel_payments",
            channel=issuer,
            payment_key=f"{issuer}:{number}",
            payment_no=pick.choice((None, order["payment_no"])),
            merchant_order_no=pick.choice((None, order["order_no"])),
            status="succeeded",
            paid_at=happened_at,
            currency_code="CNY",
            paid_amount=Decimal(pick.randint(1, 900)),
            **common,
        )
        self.whole.add(
            "channel_coupons",
            channel=issuer,
            coupon_key=f"{issuer}:{number}",
            coupon_code=f"K{number}",
            campaign_no="7",
            status=pick.choice(("issued", "redeemed")),
            order_no=pick.choice((None, order["order_no"])),
            issued_at=happened_at,
            redeemed_at=pick.choice((None, happened_at)),
            **common,
        )
        self.whole.add(
            "channel_points",
            channel="club",
            # some keys are made of the number of the member
            points_key=f"club:{(common['source_record_key'] or 'x:y').split(':')[1]}/{number}" if number % 2 else f"club:{number}",
            points_delta=pick.randint(-9, 99),
            reason="earned",
            order_no=order["order_no"],
            occurred_at=happened_at,
            **common,
        )
        if number % 10 == 0:
            self.whole.add("channel_orders", **order | {"channel": "corner", "order_key": f"corner:{number}", "payment_no": None})

    def listing(self, number: int) -> None:
        """What a list of products says of an article: some later than it was sold, some otherwise than before."""
        pick = self.random
        channel = pick.choice(CHANNELS)
        self.whole.add(
            "channel_products",
            channel=channel,
            product_key=f"{channel}:{number % 5}",
            product_id_channel=f"{number % 5}",
            product_name=f"article {number % 5}",
            brand=pick.choice((None, "Alba")),
            category=pick.choice((None, "Tools", "Women / Shoes")),
            unit_cost=Decimal(number),
            currency_code="CNY",
            _load_id=f"g{number}",
            _exported_at=at(self.days[-1] - timedelta(days=pick.randint(3, 60))),
        )

    def claim(self, number: int) -> None:
        record = self.random.choice(self.records)
        seen_at = at(self.days[-1] - timedelta(days=self.random.randint(0, 60)))
        self.whole.add(
            "channel_profiles",
            channel="shop",
            source_record_key=record,
            gender=self.random.choice(("female", "male", None)),
            province=self.random.choice(("North", None)),
            first_seen_at=seen_at,
            last_seen_at=seen_at,
            _load_id=f"p{number}",
            _exported_at=seen_at,
        )

    def delivered(self, night: int) -> TinyLake:
        """The lake of one night."""
        lake = TinyLake()
        loads = set()
        for name, rows in sorted(self.whole.rows.items()):
            for number, (row, arrives) in enumerate(zip(rows, self.night_of[name], strict=True), 2):
                if name in _TABLES_OF_PEOPLE:
                    continue
                if "_load_id" not in row or not name.startswith("channel_"):
                    lake.add(name, **row)
                elif arrives <= night:
                    load = f"{row['_load_id']}-{arrives}"
                    loads.add(load)
                    lake.add(name, **row | {"_load_id": load, "_source_row": number})
        for load in sorted(loads):
            lake.add("channel_loads", load_id=load, outcome="loaded", exported_at=at(self.days[0]))
        self.people(lake, night)
        return lake

    def people(self, lake: TinyLake, night: int) -> None:
        """Who is who: each night some customers are merged, one is split, somebody unknown is told of, and golden values change."""
        owners: dict[str, str] = {row["source_record_key"]: row["customer_id"] for row in self.whole.of("identity_current")}
        golden: dict[str, Row] = {row["customer_id"]: dict(row) for row in self.whole.of("golden_customers")}
        for past in range(1, night + 1):
            pick = random.Random(f"people/{past}")
            for _ in range(3):
                kept, gone = pick.sample(sorted(golden), 2)
                golden.pop(gone)
                owners = {record: kept if owner == gone else owner for record, owner in owners.items()}
            record = pick.choice(sorted(owners))
            owners[record] = f"n{past}"
            golden[f"n{past}"] = golden[pick.choice(sorted(golden))] | {"customer_id": f"n{past}"}
            if past == 2:
                owners["shop:unknown"] = "n-unknown"
                golden["n-unknown"] = golden[f"n{past}"] | {"customer_id": "n-unknown", "registered_at": None}
            golden[pick.choice(sorted(golden))] |= {"gender": "female", "province": "North"}
            golden[pick.choice(sorted(golden))] |= {"registered_at": at(self.days[past] + timedelta(days=1), 3)}
        for record, owner in sorted(owners.items()):
            lake.add("identity_current", source_record_key=record, customer_id=owner)
        for _, row in sorted(golden.items()):
            lake.add("golden_customers", **row)


def facts_of(run: Run, lake: TinyLake, **changed: Any) -> BuildFacts:
    """What a build on this lake is a function of."""
    loads = {row["load_id"]: "as read" for row in lake.of("channel_loads")}
    facts: dict[str, Any] = {"code_version": "1", "config_hash": "1", "definitions_hash": "1", "loads": loads}
    return BuildFacts(run.as_of, run.as_of_end_at, run.exported_before_at, **facts | changed)
