"""Every number of the marts equals the oracle's on random histories full of the cases that break metrics."""

from __future__ import annotations

import random
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from tests.dbt.conftest import Build, rows
from tests.dbt.lake import TinyLake, at, tiny_run
from tests.dbt.oracle import Oracle

CHANNELS = ("shop", "taobao", "till")
FIRST_DAY = date(2022, 11, 20)
KPI_COLUMNS = "metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, is_provisional"


class History:
    """Random facts of some forty people over sixteen months: late versions, refunds told twice, gifts, orders of nobody."""

    def __init__(self, seed: int, as_of: date) -> None:
        self.random, self.as_of, self.lake = random.Random(seed), as_of, TinyLake()
        self.days = (as_of - FIRST_DAY).days
        for currency, day, rate in (("USD", FIRST_DAY, "7.1"), ("USD", date(2023, 6, 1), "6.913457"), ("JPY", FIRST_DAY, "0.051")):
            self.lake.add("currency_rates", currency_code=currency, reporting_currency_code="CNY", valid_from_on=day, rate=Decimal(rate))
        for number in range(40):
            self.person(number)
        for number in range(330):
            self.order(number)

    def moment(self, around: int | None = None) -> datetime:
        day = self.random.randint(0, self.days + 1) if around is None else around
        return at(FIRST_DAY + timedelta(days=day), self.random.choice((0, 0.01, 9, 15.5, 23.99)))

    def person(self, number: int) -> None:
        registered = self.moment() if number % 4 else None
        self.lake.add(
            "golden_customers",
            customer_id=f"c{number:02}",
            registered_at=registered if registered and registered < at(self.as_of + timedelta(days=1), 0) else None,
            first_seen_at=at(FIRST_DAY),
            full_name="张三" if number % 3 else None,
        )
        for record in range(self.random.randint(1, 3)):
            self.lake.add("identity_current", source_record_key=f"shop:{number}-{record}", customer_id=f"c{number:02}")
        for event in range(self.random.choice((0, 0, 1, 4))):
            load = self.random.choice(("a", "b"))
            row = {
                "event_key": f"web:{number}-{event}",
                "event_name": self.random.choice(("product_viewed", "product_added", "order_completed")),
                "source_record_key": f"shop:{number}-0" if event else None,
                "occurred_at": self.moment(),
            }
            for copy in range(self.random.choice((1, 1, 2))):
                self.lake.add("channel_events", _load_id=f"{load}{copy}", _exported_at=at(self.as_of, copy), **row)
        if number % 5 == 0:
            self.lake.add(
                "channel_interactions", interaction_key=f"wx:{number}", source_record_key=f"shop:{number}-0", occurred_at=self.moment()
            )

    def order(self, number: int) -> None:
        pick = self.random
        channel, person = pick.choice(CHANNELS), min(int(pick.paretovariate(0.7)), 38)
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
            "payment_no": pick.choice((None, f"p{number}", f"p{number // 2}")),
        }
        for version in range(pick.choice((1, 1, 1, 2, 3))):
            status = pick.choices(("completed", "paid", "shipped", "unpaid", "refunded", "cancelled"), (8, 3, 3, 1, 1, 1))[0]
            self.lake.add(
                "channel_orders",
                status=status,
                paid_amount=None if status == "unpaid" and pick.random() < 0.5 else paid,
                refunded_amount=pick.choice((None, Decimal(0), Decimal(0), paid, (paid / 2).quantize(Decimal("0.01")))),
                _load_id=pick.choice(("aa", "bb")) + str(version),
                _source_row=number,
                _exported_at=at(ordered_at.date() + timedelta(days=pick.choice((1, 1, 9))), pick.choice((3.0, 21.0))),
                **order,
            )
        for feed in range(pick.choice((0, 0, 0, 1, 2))):
            issuer = pick.choice((channel, "wechatpay"))
            self.lake.add(
                "channel_refunds",
                channel=issuer,
                refund_key=f"{issuer}:r{number}-{feed}",
                refund_no=f"r{number}-{feed}",
                order_no=pick.choice((None, order["order_no"])),
                payment_no=order["payment_no"],
                status=pick.choice(("succeeded", "succeeded", "processing", "failed")),
                refunded_at=ordered_at + timedelta(days=pick.choice((0, 40))),
                currency_code=pick.choice((order["currency_code"], order["currency_code"], "USD")),
                refunded_amount=pick.choice((paid, Decimal("0.01"), (paid / 3).quantize(Decimal("0.01")))),
                _exported_at=ordered_at + timedelta(days=41),
            )


CASES = {
    "mid_month": (1, date(2024, 3, 13), Config()),
    "last_of_february": (2, date(2024, 2, 29), Config()),
    "short_history_other_thresholds": (
        3,
        date(2023, 12, 31),
        Config.model_validate({"rfm": {"history_months": 5, "class_window_days": 100}, "lifecycle": {"mature_window_days": 60}}),
    ),
}


@pytest.fixture(scope="module", params=CASES)
def case(request: pytest.FixtureRequest, built: Build, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Oracle]:
    seed, as_of, config = CASES[request.param]
    lake = History(seed, as_of).lake
    run = tiny_run(tmp_path_factory.mktemp("lake"), as_of, config)
    return built(lake, run), Oracle(lake, run)


def test_purchases_are_those_of_the_contract(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = rows(home, "select order_key, customer_id, channel, purchased_on, net_amount from fct_orders where is_purchase")
    assert sorted(found) == sorted((p.order_key, p.customer_id, p.channel, p.on, p.net) for p in oracle.purchases)
    assert oracle.purchases and any(p.customer_id is None for p in oracle.purchases)


def test_no_order_is_lost_or_doubled(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    assert sorted(rows(home, "select order_key, status from fct_orders")) == sorted((k, o["status"]) for k, o in oracle.orders.items())


def test_every_kpi_equals_the_oracle(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = {
        tuple(row[:5]): tuple(row[5:])
        for row in rows(
            home, "select metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, is_provisional from kpi"
        )
    }
    wanted = oracle.kpis()
    assert found.keys() == wanted.keys()
    assert {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]} == {}


def test_a_ratio_without_a_denominator_is_null(case: tuple[Home, Oracle]) -> None:
    home, _ = case
    ratios = rows(home, "select numerator, denominator, value from kpi where metric <> 'net_sales'")
    assert all((value is None) == (denominator == 0) for _, denominator, value in ratios)
    assert all(abs(value - numerator / denominator) < Decimal("0.000001") for numerator, denominator, value in ratios if denominator)


def test_rfm_equals_the_oracle(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = rows(
        home,
        "select customer_id, preset, recency_days, frequency, monetary_amount, recency_score, frequency_score, monetary_score, rfm_total,"
        " rfm_tier, rfm_class from customer_rfm",
    )
    nothing = (None, 0, Decimal(0), None, None, None, None, "no_purchase")
    wanted = [
        (customer, preset, *(oracle.rfm(customer, preset, oracle.as_of) or nothing), oracle.rfm_class(customer))
        for customer in (row["customer_id"] for row in oracle.lake.of("golden_customers"))
        for preset in ("monthly", "annual")
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_rfm_history_knows_nothing_of_later_purchases(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = rows(
        home,
        "select customer_id, preset, month_end_on, recency_days, frequency, monetary_amount, recency_score, frequency_score,"
        " monetary_score, rfm_total, rfm_tier from customer_rfm_history",
    )
    wanted = [
        (customer, preset, day, *rfm)
        for customer in list(oracle.by_customer)
        for preset in ("monthly", "annual")
        for day in oracle.month_ends()
        if (rfm := oracle.rfm(customer, preset, day))
    ]
    assert sorted(found) == sorted(wanted)


def test_cohorts_equal_the_oracle(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = rows(
        home,
        "select first_purchase_month, months_since, customer_count, active_customer_count, order_count, net_amount, cumulative_net_amount"
        " from cohort_retention",
    )
    assert {(row[0], row[1]): row[2:] for row in found} == oracle.cohorts()


def test_lifecycle_stage_equals_the_oracle(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    wanted = {row["customer_id"]: oracle.lifecycle(row["customer_id"]) for row in oracle.lake.of("golden_customers")}
    assert dict(rows(home, "select customer_id, lifecycle_stage from customer_lifecycle")) == wanted


def test_the_360_adds_up_to_the_facts(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = rows(
        home,
        "select customer_id, order_count_total, net_amount_total, order_count_90d, net_amount_365d, known_on, purchase_channels"
        " from mart_marketing__customer_360",
    )
    wanted = []
    for customer in (row["customer_id"] for row in oracle.lake.of("golden_customers")):
        bought = oracle.by_customer[customer]
        wanted.append(
            (
                customer,
                len(bought),
                sum((p.net for p in bought), Decimal(0)),
                sum((oracle.as_of - p.on).days < 90 for p in bought),
                sum((p.net for p in bought if (oracle.as_of - p.on).days < 365), Decimal(0)),
                oracle.known_on(customer),
                ",".join(sorted({p.channel for p in bought})) or None,
            )
        )
    assert sorted(found, key=str) == sorted(wanted, key=str)
