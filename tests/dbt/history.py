"""Random facts of some eighty people over sixteen months: late versions, refunds told twice, gifts, orders of nobody, days on the edge."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.campaigns import Campaigns
from tests.dbt.lake import TinyLake, at

CHANNELS = ("shop", "taobao", "till")
FIRST_DAY = date(2022, 11, 20)
CROWD = 40
# days between two purchases on which some window ends: 30 days, 6 and 12 months, 365 days
EDGES = (29, 30, 31, 89, 90, 91, 180, 181, 183, 184, 334, 335, 364, 365, 366, 395)
STORES = ((("shop", "1"), "north"), (("shop", "2"), "south"), (("till", "1"), "south"), (("till", "2"), None))
LONG_BEFORE = date(2022, 11, 1)  # the first day has begun earlier in the east
RATES = (("USD", LONG_BEFORE, "7.1"), ("USD", date(2023, 6, 1), "6.913457"), ("JPY", LONG_BEFORE, "0.051"))


class History:
    """The facts of one seed, as a lake. The same seed gives the same facts."""

    def __init__(self, seed: int, as_of: date) -> None:
        self.random, self.as_of, self.lake = random.Random(seed), as_of, TinyLake()
        self.days = (as_of - FIRST_DAY).days
        for currency, day, rate in RATES:
            self.lake.add("currency_rates", currency_code=currency, reporting_currency_code="CNY", valid_from_on=day, rate=Decimal(rate))
        for store, region in STORES:
            self.lake.add("channel_stores", channel=store[0], store_key=":".join(store), store_id_channel=store[1], region=region)
        for number in range(CROWD):
            self.person(number)
            self.activity(number)
        for number in range(330):
            self.order(number)
        for number in range(400, 440):
            self.pair(number)
        for number in range(500, 512):
            self.late_payment(number)
        for number in range(60):
            self.visit(number)
            self.cost(number)
        Campaigns(self.lake, seed, as_of)

    def moment(self, day: int | None = None) -> datetime:
        day = self.random.randint(0, self.days + 1) if day is None else day
        return at(FIRST_DAY + timedelta(days=day), self.random.choice((0, 0.01, 9, 15.5, 23.99)))

    def person(self, number: int, registered_at: datetime | None = None) -> None:
        registered_at = registered_at or (self.moment() if number % 4 else None)
        visible = registered_at and registered_at < at(self.as_of + timedelta(days=1), 0)
        self.lake.add(
            "golden_customers", customer_id=f"c{number:03}", registered_at=registered_at if visible else None, first_seen_at=at(FIRST_DAY)
        )
        # every third customer is not predicted; of the others one in two by a rule, which knows no probability
        basis = ("opted_out", "model", "baseline")[number % 3]
        self.lake.add(
            "value_customers",
            customer_id=f"c{number:03}",
            purchase_basis=basis,
            value_basis=basis,
            ltv_predicted_12m=Decimal(number * 7) / 100 if number % 3 else None,
            probability_alive=number % 10 / 9 if number % 3 == 1 else None,
        )
        for target in ("churn_90d", "repurchase_30d")[: number % 3]:
            self.lake.add("value_propensities", target=target, customer_id=f"c{number:03}", basis="model", probability=number % 8 / 7)
        for record in range(self.random.randint(1, 3)):
            self.lake.add("identity_current", source_record_key=f"shop:{number}-{record}", customer_id=f"c{number:03}")

    def activity(self, number: int) -> None:
        pick = self.random
        for event in range(pick.choice((0, 0, 1, 4))):
            row = {
                "event_key": f"web:{number}-{event}",
                "event_name": pick.choice(("product_viewed", "product_added", "order_completed")),
                "source_record_key": f"shop:{number}-0" if event else None,
                "occurred_at": self.moment(),
            }
            load = pick.choice(("a", "b"))
            for copy in range(pick.choice((1, 1, 2))):
                self.lake.add("channel_events", _load_id=f"{load}{copy}", _exported_at=at(self.as_of, copy), **row)
        if number % 5 == 0:
            record = f"shop:{number}-0"
            self.lake.add("channel_interactions", interaction_key=f"wx:{number}", source_record_key=record, occurred_at=self.moment())

    def order(self, number: int) -> None:
        """An order of the crowd with one to three versions, each with a status of its own, and up to three refunds."""
        pick = self.random
        channel, person = pick.choice(CHANNELS), min(int(pick.paretovariate(0.7)), CROWD - 2)
        ordered_at = self.moment(pick.choice((None, None, int(self.days * 0.9))))
        paid = pick.choice((Decimal(0), Decimal("0.01"), Decimal(pick.randint(1, 90_000)) / 100, Decimal(pick.randint(1, 90_000)) / 100))
        order: dict[str, Any] = {
            "channel": channel,
            "order_key": f"{channel}:{number}",
            "order_no": f"{number}",
            "order_type": pick.choices(("sale", "return", "adjustment"), (20, 1, 1))[0],
            "source_record_key": pick.choice((f"shop:{person}-0", f"shop:{person}-1", None, "shop:unknown")),
            "ordered_at": ordered_at,
            "paid_at": pick.choice((None, ordered_at + timedelta(minutes=2), ordered_at + timedelta(days=1))),
            "currency_code": pick.choices(("CNY", "USD", "JPY"), (8, 2, 1))[0],
            "store_id_channel": pick.choice((None, "1", "2")),
            "payment_no": pick.choice((None, f"p{number}", f"p{number}", f"p{number // 2}")),
        }
        for version in range(pick.choice((1, 1, 1, 2, 3))):
            status = pick.choices(("completed", "paid", "shipped", "unpaid", "refunded", "cancelled"), (8, 3, 3, 1, 1, 1))[0]
            self.lake.add(
                "channel_orders",
                status=status,
                paid_amount=None if status == "unpaid" and pick.random() < 0.5 else paid,
                refunded_amount=pick.choice((None, None, Decimal(0), paid, (paid / 2).quantize(Decimal("0.01")))),
                _load_id=pick.choice(("aa", "bb")) + str(version),
                _source_row=number,
                _exported_at=at(ordered_at.date() + timedelta(days=pick.choice((1, 1, 9))), pick.choice((3.0, 21.0))),
                **order,
            )
        for feed in range(pick.choice((0, 0, 1, 2, 3))):
            self.refund(order, paid, f"r{number}-{feed}")

    def refund(self, order: dict[str, Any], paid: Decimal, number: str) -> None:
        pick = self.random
        issuer = pick.choice((order["channel"], "wechatpay"))
        self.lake.add(
            "channel_refunds",
            channel=issuer,
            refund_key=f"{issuer}:{number}",
            refund_no=number,
            order_no=pick.choice((None, order["order_no"])),
            payment_no=order["payment_no"],
            status=pick.choice(("succeeded", "succeeded", "succeeded", "processing", "failed")),
            refunded_at=order["ordered_at"] + timedelta(days=pick.choice((0, 40))),
            currency_code=pick.choice((order["currency_code"], order["currency_code"], order["currency_code"], "USD")),
            refunded_amount=pick.choice((paid, Decimal("0.01"), (paid / 3).quantize(Decimal("0.01")))),
            _exported_at=order["ordered_at"] + timedelta(days=41),
        )

    def pair(self, number: int) -> None:
        """Somebody who registers and buys on one day and buys once more, on a day at the edge of a window."""
        gap = EDGES[number % len(EDGES)]
        first = self.random.randint(0, self.days - gap)
        self.person(number, at(FIRST_DAY + timedelta(days=first), 8))
        for order, day in enumerate((first, first + gap)):
            self.paid_order(f"{number}-{order}", f"shop:{number}-0", at(FIRST_DAY + timedelta(days=day), 12), paid_after=timedelta())

        for later in self.random.sample((1, 2, 7, 8, 29, 30, 31), 3):
            self.event(f"{number}-{later}", FIRST_DAY + timedelta(days=first + later), source_record_key=f"shop:{number}-0")

    def visit(self, number: int) -> None:
        """Somebody unknown, of some thirty, seen by the web shop; a few events name neither a person nor a visitor."""
        visitor = self.random.choice((None, f"v{number % 30}", f"v{number % 7}"))
        self.event(f"v{number}", FIRST_DAY + timedelta(days=self.random.randint(0, self.days)), anonymous_id=visitor)

    def event(self, number: str, day: date, **values: Any) -> None:
        moment = at(day, self.random.choice((0, 12, 23.99)))
        self.lake.add("channel_events", event_key=f"web:{number}", event_name="product_viewed", occurred_at=moment, **values)

    def cost(self, number: int) -> None:
        """A line of a marketplace, an advertising platform or a channel that writes to people, of a day or of many, in a version or two."""
        pick = self.random
        channel = pick.choice(("taobao", "meta_ads", "sms"))
        first = FIRST_DAY + timedelta(days=pick.randint(-20, self.days))
        last = first + timedelta(days=pick.choice((0, 0, 6, 45)))
        for version in range(pick.choice((1, 1, 2))):
            self.lake.add(
                "channel_costs",
                channel=channel,
                cost_key=f"{channel}:{number}",
                spent_from_on=first,
                spent_to_on=last,
                currency_code=pick.choice(("CNY", "USD")) if first >= FIRST_DAY else "CNY",
                cost_amount=Decimal(pick.randint(0, 90_000)) / 100,
                _load_id=f"c{version}",
                _exported_at=at(min(last, self.as_of), 20 + version),
            )
        self.lake.add("channel_sends", channel="sms", send_key=f"sms:{number}", sent_at=at(FIRST_DAY))

    def late_payment(self, number: int) -> None:
        """An order of the last minute of the day, paid within the grace of the export but after the day."""
        minutes = timedelta(minutes=number % 3)
        self.paid_order(f"{number}", f"shop:{number % CROWD}-0", at(self.as_of, 23.99), paid_after=minutes)

    def paid_order(self, number: str, record: str, ordered_at: datetime, paid_after: timedelta) -> None:
        self.lake.add(
            "channel_orders",
            channel="till",
            order_key=f"till:{number}",
            order_no=number,
            order_type="sale",
            status="paid",
            source_record_key=record,
            ordered_at=ordered_at,
            paid_at=ordered_at + paid_after,
            currency_code="CNY",
            paid_amount=Decimal(100),
            _exported_at=ordered_at + timedelta(hours=4),
        )
