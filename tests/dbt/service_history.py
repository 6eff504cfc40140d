"""Random cases, reviews, points, consents, stores and stock around a History: late versions, hostile clocks, numbers of several shops."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.history import CROWD, FIRST_DAY, RATES, History
from tests.dbt.lake import at

STORES = (None, "1", "1", "2", "3", "9")
REGIONS = {"shop:1": "East", "shop:2": "East", "till:1": "North", "till:7": "North", "till:2": None}
MEDIA = ("sms", "email")


class ServiceHistory(History):
    """A History with what happens after the sale. The same seed gives the same facts."""

    def __init__(self, seed: int, as_of: date) -> None:
        super().__init__(seed, as_of)
        for row in self.lake.of("channel_orders"):
            row["store_id_channel"] = STORES[hash_of(row["order_key"]) % len(STORES)]
        self.order_rows = self.lake.of("channel_orders")
        for number in range(160):
            self.ticket(number)
        for number in range(200):
            self.review(number)
        for number in range(0, CROWD, 4):
            self.lake.add("identity_current", source_record_key=f"club:{number}", customer_id=f"c{number:03}")
        # the second customer, who buys most, is called normal
        for number, row in enumerate(self.lake.of("golden_customers")):
            row["member_level"] = (None, "普通", " Silver", "金卡", "platinum")[number % 5]
        for number in range(260):
            self.movement(number)
        for number in range(1000, 1080):
            self.booking(number)
        for order in [row for row in self.order_rows if row["order_no"].endswith("-0")][:9]:
            self.taken_back(order)
        for number in range(30):
            self.consent(number)
            self.stock_count(number)
            self.cost(number)
            self.interaction(number)
        self.organization()

    def versions(self, table: str, moment: Any, variants: list[dict[str, Any]], **same: Any) -> None:
        """One row per variant, each exported later than the one before."""
        for number, row in enumerate(variants):
            self.lake.add(
                table,
                _load_id=self.random.choice(("aa", "bb")) + str(number),
                _source_row=len(self.lake.of(table)) + 1,
                _exported_at=moment + timedelta(days=number + self.random.choice((0, 0, 30)), hours=1),
                **same,
                **row,
            )

    def who(self) -> str | None:
        return self.random.choice((f"shop:{self.random.randrange(CROWD)}-0", f"shop:{self.random.randrange(CROWD)}-0", None, "desk:nobody"))

    def order_no(self) -> str | None:
        return self.random.choice(
            (None, self.random.choice(self.order_rows)["order_no"], self.random.choice(self.order_rows)["order_no"], "?")
        )

    def ticket(self, number: int) -> None:
        pick, created_at = self.random, self.moment()
        channel = pick.choice(("desk", "shop"))
        variants = []
        for _ in range(pick.choice((1, 1, 2, 3))):
            reply, solved = pick.choice((None, -1, 0, 59.5, 3600, 90_000)), pick.choice((None, -3, 60, 7200, 260_000, 900_000))
            variants.append(
                {
                    "status": pick.choice(("open", "pending", "solved", "closed")),
                    "ticket_type": pick.choice((None, "question", "complaint", "complaint", "return", "repair")),
                    "first_replied_at": None if reply is None else created_at + timedelta(seconds=reply),
                    "solved_at": None if solved is None else created_at + timedelta(seconds=solved),
                    "satisfaction_score": pick.choice((None, None, 1, 2, 3, 4, 5, 5)),
                }
            )
        self.versions(
            "channel_tickets",
            created_at,
            variants,
            channel=channel,
            ticket_key=f"{channel}:t{number}",
            ticket_no=f"t{number}",
            source_record_key=self.who(),
            order_no=self.order_no(),
            created_at=created_at,
        )

    def review(self, number: int) -> None:
        pick, moment = self.random, self.moment()
        channel, kind = pick.choice(("reviews", "shop", "till")), pick.choice(("product", "service", "nps"))
        scores = (None, 0, 3, 6, 7, 8, 9, 10, 10) if kind == "nps" else (None, 1, 2, 3, 4, 4, 5, 5)
        self.versions(
            "channel_reviews",
            moment,
            [{"score": pick.choice(scores)} for _ in range(pick.choice((1, 1, 2)))],
            channel=channel,
            review_key=f"{channel}:r{number}",
            review_type=kind,
            source_record_key=self.who(),
            order_no=self.order_no(),
            product_id_channel=pick.choice((None, "p1", "p2")),
            reviewed_at=moment,
        )

    def movement(self, number: int) -> None:
        pick, moment, member = self.random, self.moment(), self.random.randrange(CROWD + 3)
        reason = pick.choice(("earned", "earned", "earned", "redeemed", "expired", "adjusted"))
        size = pick.choice((0, 1, 5, 100, 450))
        record = pick.choice((f"shop:{member}-0", f"shop:{member}-0", f"club:{member}"))
        channel = record.partition(":")[0]
        self.versions(
            "channel_points",
            moment,
            [{"points_delta": size if reason == "earned" else -size}] * pick.choice((1, 1, 2)),
            channel=channel,
            points_key=f"{record}/{number}" if number % 2 else f"{channel}:{number}",
            source_record_key=record,
            reason=reason,
            order_no=self.order_no(),
            occurred_at=moment,
        )

    def booking(self, number: int) -> None:
        """Points as they should be, for an order of somebody with an account: some are taken back again, some are a point off."""
        pick = self.random
        order = pick.choice([row for row in self.order_rows if row["source_record_key"] and row["paid_amount"]])
        moment, points = order["paid_at"] or order["ordered_at"], int(order["paid_amount"] * pick.choice((1, Decimal("1.5"))))
        channel, number_of = order["channel"], order["order_no"]
        for reason, delta in (("earned", points + pick.choice((0, 0, 0, 1))), ("adjusted", -points if pick.random() < 0.2 else 0)):
            self.versions(
                "channel_points",
                moment,
                [{"points_delta": delta}],
                channel=channel,
                points_key=f"{channel}:b{number}{reason}",
                source_record_key=order["source_record_key"],
                reason=reason,
                order_no=number_of,
                occurred_at=moment,
            )

    def taken_back(self, order: dict[str, Any]) -> None:
        """Points of a purchase of 100, at one and a half each, and some of them back with goods that have a receipt of their own."""
        for reason, delta in (("earned", 150), ("adjusted", -40)):
            self.versions(
                "channel_points",
                order["paid_at"],
                [{"points_delta": delta}],
                channel=order["channel"],
                points_key=f"{order['order_key']}/{reason}",
                source_record_key=order["source_record_key"],
                reason=reason,
                order_no=order["order_no"],
                occurred_at=order["paid_at"],
            )

    def consent(self, number: int) -> None:
        pick = self.random
        for _ in range(3):
            seen = self.moment()
            self.versions(
                "channel_consents",
                seen,
                [{"status": pick.choice(("granted", "denied"))}],
                channel="shop",
                source_record_key=pick.choice((f"shop:{number}-0", f"shop:gone{number}")),
                contact_type="phone",
                contact_value_raw=pick.choice(("138", "139")),
                medium=pick.choice(MEDIA),
                purpose="marketing",
                first_seen_at=seen,
                last_seen_at=seen,
            )

    def stock_count(self, number: int) -> None:
        pick, day = self.random, FIRST_DAY + timedelta(days=self.random.randint(0, self.days + 3))
        store, product = pick.choice(("1", "W1", None)), pick.choice(("p1", "p2"))
        self.versions(
            "channel_stock",
            at(day),
            [{"quantity": Decimal(pick.randint(-3, 90))} for _ in range(pick.choice((1, 2)))],
            channel="stock",
            stock_key=f"stock:{store or ''}/{product}/{day}",
            store_id_channel=store,
            product_id_channel=product,
            counted_on=day,
        )

    def cost(self, number: int) -> None:
        pick, day = self.random, FIRST_DAY + timedelta(days=self.random.randint(0, self.days + 3))
        self.versions(
            "channel_costs",
            at(day),
            [{"cost_amount": Decimal(pick.randint(0, 90_000)) / 100} for _ in range(pick.choice((1, 2)))],
            channel="ads",
            cost_key=f"ads:{number}",
            campaign_no=pick.choice((None, "1")),
            spent_from_on=day,
            spent_to_on=day + timedelta(days=pick.choice((0, 6))),
            currency_code=pick.choice(("CNY", *(currency for currency, *_ in RATES))),
        )

    def interaction(self, number: int) -> None:
        moment = self.moment()
        record = f"shop:{number}-0"
        self.versions(
            "channel_interactions",
            moment,
            [{}, {}],
            channel="shop",
            interaction_key=f"{record}/f{number}",
            interaction_type="followed",
            source_record_key=record,
            occurred_at=moment,
        )

    def organization(self) -> None:
        self.lake.add("organization", unit="Office", kind="head_office", head_office="Office", unit_path="Office")
        for region in ("East", "North"):
            self.lake.add(
                "organization",
                unit=region,
                kind="region",
                parent_unit="Office",
                head_office="Office",
                region=region,
                unit_path=f"Office > {region}",
            )
        for unit, region_of in REGIONS.items():
            path = " > ".join(filter(None, ("Office", region_of, unit)))
            self.lake.add(
                "organization",
                unit=unit,
                kind="store",
                parent_unit=region_of or "Office",
                head_office="Office",
                region=region_of,
                unit_path=path,
            )
        for store, listed_region, name in (("shop:1", "West", "Market"), ("till:2", "South", None), ("till:9", None, "Corner")):
            self.versions(
                "channel_stores",
                at(FIRST_DAY),
                [{"region": "Old"}, {"region": listed_region}],
                channel=store.partition(":")[0],
                store_key=store,
                store_id_channel=store.partition(":")[2],
                store_name=name,
            )


def hash_of(text: str) -> int:
    """The same number in every process."""
    return sum(position * ord(letter) for position, letter in enumerate(text, 1))
