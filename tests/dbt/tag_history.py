"""Random facts of some seventy people for the tags: habits that are just strong enough, days and hours on the edge, odd birthdays."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from tests.dbt.lake import TinyLake, at

MONTH_END = date(2024, 2, 29)
DAYS = (date(2024, 3, 13), date(2024, 3, 31))  # of one month: what is monthly must not differ
CROWD = 70
CHANNELS = ("shop", "till")
HOURS = (0, 5.99, 6, 9, 10.99, 11, 14, 17.99, 18, 21.99, 22, 23.99)
PRODUCTS: dict[str, dict[str, Any]] = {
    "p0": {"brand": "Alba", "department": "Fashion", "category": "Women", "subcategory": "Skirts"},
    "p1": {"brand": "Alba", "department": "Fashion", "category": "Men-Shirts"},
    "p2": {"brand": "Boro", "category": "奶粉"},
    "p3": {"brand": "Boro", "department": "Baby/Care"},
    "p4": {"brand": "Boro"},
    "p5": {"category": "Tools"},
}  # fmt: skip
CATEGORIES = ("Women", "Menswear", "母婴用品", "Tools", "Parenting, formula")
VISITS = ("page_viewed", "product_viewed", "product_added", "product_favorited", "searched")


class TagHistory:
    """The facts of one seed, as a lake. The same seed gives the same facts."""

    def __init__(self, seed: int) -> None:
        self.seed, self.random, self.lake = seed, random.Random(seed), TinyLake()
        self.lake.add("currency_rates", currency_code="USD", reporting_currency_code="CNY", valid_from_on=date(2020, 1, 1), rate=Decimal(7))
        for product, attributes in PRODUCTS.items():
            for channel in CHANNELS:
                self.lake.add(
                    "channel_products", channel=channel, product_key=f"{channel}:{product}", product_id_channel=product, **attributes
                )
        self.number = 0
        for person in range(CROWD):
            self.person(person)
            for _ in range(self.random.choice((0, 1, 2, 3, 4, 4, 6, 9))):
                self.order(person)
            for _ in range(self.random.choice((0, 0, 2, 5, 12))):
                self.visit(person)
            for _ in range(self.random.choice((0, 0, 1, 4, 6))):
                self.send(person)
            for _ in range(self.random.choice((0, 0, 1, 3))):
                self.coupon(person)
            for _ in range(self.random.choice((0, 0, 1, 3))):
                self.contact(person)
            self.consents(person)
            self.prediction(person)
        for _ in range(20):
            self.visit(None)

    def next(self) -> int:
        self.number += 1
        return self.number

    def day(self) -> date:
        """Mostly the last months; often a day on which some window begins or ends for one of the days."""
        pick = self.random
        edges = [day - timedelta(days=back) for day in DAYS for back in (0, 6, 7, 29, 30, 364, 365)]
        edges += [MONTH_END + timedelta(days=1), *(MONTH_END - timedelta(days=back) for back in (0, 1, 179, 180, 364, 365))]
        return pick.choice(
            (pick.choice(edges), MONTH_END - timedelta(days=pick.randint(0, 500)), DAYS[0] - timedelta(days=pick.randint(0, 45)))
        )

    def moment(self) -> datetime:
        return at(self.day(), self.random.choice(HOURS))

    def person(self, number: int) -> None:
        pick = self.random
        edges = ("1900-01-01", "2030-01-01", "2004-02-29", "2006-02-28", "2006-02-28", "2006-03-01", "1999-02-28", "1999-03-01")
        born = date(pick.randint(1940, 2015), pick.randint(1, 12), pick.randint(1, 28))
        births = (None, *map(date.fromisoformat, edges), born, born, born)
        registered_at = pick.choice((None, self.moment(), at(DAYS[pick.randint(0, 1)] - timedelta(days=pick.choice((0, 30, 31))), 9)))
        if registered_at and registered_at >= at(DAYS[0], 24):  # the golden record of a day knows no later one
            registered_at = None
        gender, province = pick.choice((None, "female", "male")), pick.choice((None, "浙江", "上海"))
        first_seen_at = self.moment()
        self.lake.add(
            "golden_customers",
            customer_id=f"c{number:03}",
            gender=gender,
            birth_on=pick.choice(births),
            province=province,
            registered_at=registered_at,
            registration_channel=pick.choice(CHANNELS) if registered_at else None,
            first_seen_at=first_seen_at,
            full_name="王小明",
            phone_e164="+8613800000000",
        )
        for record in range(pick.randint(1, 2)):
            self.lake.add("identity_current", source_record_key=f"shop:{number}-{record}", customer_id=f"c{number:03}")
            for claim in range(pick.randint(0, 2)):
                self.lake.add(
                    "channel_profiles",
                    source_record_key=f"shop:{number}-{record}",
                    gender=pick.choice((gender, None, "female")),
                    province=pick.choice((province, None, "北京")),
                    first_seen_at=first_seen_at + timedelta(days=pick.randint(0, 3) if claim else 0),
                    _load_id=f"load{claim}",
                    _source_row=number,
                    _exported_at=first_seen_at + timedelta(days=3, hours=1),
                )

    def prediction(self, number: int) -> None:
        """What the stage `value` may say: probabilities around the bounds of the bands, money around that of the highest score."""
        pick = random.Random(f"prediction/{self.seed}/{number}")
        basis = pick.choice(("model", "model", "model", "baseline", "opted_out"))
        customer, is_predicted, bound = f"c{number:03}", basis != "opted_out", Decimal(5_000)
        self.lake.add(
            "value_customers",
            customer_id=customer,
            purchase_basis=basis,
            value_basis=basis,
            ltv_predicted_12m=pick.choice((bound - Decimal("0.01"), bound, 2 * bound)) if is_predicted else None,
            probability_alive=pick.choice((0.00001, 0.0001, pick.random())) if basis == "model" else None,
        )
        for target in ("churn_90d", "repurchase_30d"):
            probability = pick.choice((0.0, 0.1999, 0.2, 0.3999, 0.4, 0.4999, 0.5, 0.69994, 0.69996, 1.0, pick.random()))
            self.lake.add(
                "value_propensities", target=target, customer_id=customer, basis=basis, probability=probability if is_predicted else None
            )

    def order(self, person: int) -> None:
        pick, number = self.random, self.next()
        channel, ordered_at = pick.choice(CHANNELS), self.moment()
        order_key = f"{channel}:{number}"
        self.lake.add(
            "channel_orders",
            channel=channel,
            order_key=order_key,
            order_no=f"{number}",
            order_type=pick.choices(("sale", "return"), (20, 1))[0],
            status=pick.choices(("completed", "paid", "unpaid", "refunded"), (12, 4, 1, 1))[0],
            source_record_key=f"shop:{person}-0",
            ordered_at=ordered_at,
            paid_at=pick.choice((None, ordered_at + timedelta(minutes=10))),
            currency_code="CNY",
            paid_amount=pick.choice((Decimal(0), Decimal(99), Decimal("120.50"), Decimal("700"))),
            discount_amount=pick.choice((None, Decimal(0), Decimal(5))),
            coupon_code=pick.choice((None, None, "TEN")),
            _exported_at=ordered_at + timedelta(hours=1),
        )
        for line in range(pick.randint(0, 3)):
            self.lake.add(
                "channel_order_lines",
                channel=channel,
                line_key=f"{order_key}/{line}",
                order_key=order_key,
                line_no=line + 1,
                line_type=pick.choices(("sale", "return"), (9, 1))[0],
                ordered_at=ordered_at,
                product_id_channel=pick.choice((*PRODUCTS, *[f"p{person % 8}"] * 8, None)),
                quantity=Decimal(1),
                currency_code=pick.choice(("CNY", "CNY", "USD")),
                line_amount=pick.choice((None, Decimal(0), Decimal("49.99"), Decimal(50), Decimal(200), Decimal(900))),
                _exported_at=ordered_at + timedelta(hours=1),
            )

    def visit(self, person: int | None) -> None:
        """A few events in a row, on either side of the cap; now and then one that nobody did on a site."""
        pick = self.random
        moment, channel = self.moment(), pick.choice(CHANNELS)
        for _ in range(pick.randint(1, 4)):
            number = self.next()
            self.lake.add(
                "channel_events",
                channel=channel,
                event_key=f"{channel}:e{number}",
                event_name=pick.choice((*VISITS, "product_viewed", "order_shipped", "email_opened")),
                source_record_key=None if person is None else f"shop:{person}-0",
                anonymous_id="device",
                occurred_at=moment,
                product_id_channel=pick.choice((None, "p0", "p6", "p7")),
                product_category=pick.choice((None, *CATEGORIES)),
                _exported_at=moment + timedelta(hours=1),
            )
            moment += timedelta(seconds=pick.choice((0, 40, 1799, 1800, 1801, 4000)))

    def send(self, person: int) -> None:
        pick, number = self.random, self.next()
        sent_at = self.moment()
        opened_at = pick.choice((None, sent_at + timedelta(hours=pick.randint(0, 30))))
        clicked_at = pick.choice((None, opened_at or sent_at, (opened_at or sent_at) + timedelta(hours=2)))
        self.lake.add(
            "channel_sends",
            channel="mail",
            send_key=f"mail:s{number}",
            source_record_key=f"shop:{person}-0",
            medium=pick.choice(("email", "sms", "wechat")),
            status="clicked" if clicked_at else "opened" if opened_at else "delivered",
            sent_at=sent_at,
            opened_at=opened_at,
            clicked_at=clicked_at,
            _exported_at=sent_at + timedelta(hours=1),
        )

    def coupon(self, person: int) -> None:
        pick, number = self.random, self.next()
        issued_at = self.moment()
        status = pick.choice(("issued", "issued", "redeemed", "expired"))
        self.lake.add(
            "channel_coupons",
            channel="shop",
            coupon_key=f"shop:k{number}",
            coupon_code="TEN",
            source_record_key=f"shop:{person}-0",
            status=status,
            issued_at=issued_at,
            redeemed_at=issued_at + timedelta(hours=1) if status == "redeemed" else None,
            expires_at=pick.choice((None, at(DAYS[0], 24), at(DAYS[0], 23.99), issued_at + timedelta(days=90))),
            _exported_at=issued_at + timedelta(hours=1),
        )

    def contact(self, person: int) -> None:
        """A service case, a review and a visit in the store, not all at once."""
        pick, number, moment = self.random, self.next(), self.moment()
        common = {"channel": "desk", "source_record_key": f"shop:{person}-0", "_exported_at": moment + timedelta(hours=1)}
        kind = pick.choice(("ticket", "review", "interaction"))
        if kind == "ticket":
            self.lake.add(
                "channel_tickets",
                ticket_key=f"desk:{number}",
                ticket_no=f"{number}",
                ticket_type=pick.choice((None, "complaint", "question")),
                status=pick.choice(("open", "pending", "solved", "closed")),
                created_at=moment,
                satisfaction_score=pick.choice((None, 1, 5)),
                **common,
            )
        elif kind == "review":
            scale = pick.choice(("product", "service", "nps"))
            self.lake.add(
                "channel_reviews",
                review_key=f"desk:r{number}",
                review_type=scale,
                score=pick.choice((None, 1, 4, 5)),
                reviewed_at=moment,
                **common,
            )
        else:
            self.lake.add(
                "channel_interactions", interaction_key=f"desk:i{number}", interaction_type="visited", occurred_at=moment, **common
            )

    def consents(self, person: int) -> None:
        pick = self.random
        for medium in pick.choice(((), ("sms",), ("sms", "email"))):
            for purpose in ("marketing", "personalization"):
                self.lake.add(
                    "golden_consents",
                    customer_id=f"c{person:03}",
                    contact_type="phone",
                    contact_value="+8613800000000",
                    medium=medium,
                    purpose=purpose,
                    status=pick.choices(("granted", "denied"), (5, 1))[0],
                )
