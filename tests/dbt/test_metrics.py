"""Every number of the marts equals the oracle's on random histories full of the cases that break metrics."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.metrics import GRAINS, read_metrics
from tests.dbt.compiled import CompiledModels
from tests.dbt.conftest import Build
from tests.dbt.drilldown import disagreements
from tests.dbt.history import History
from tests.dbt.lake import tiny_run
from tests.dbt.warehouse import rows
from tests.oracle.facts import Oracle
from tests.oracle.kpis import KpiOracle

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
def case(
    request: pytest.FixtureRequest, built: Build, compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Home, Oracle]:
    """One of them by dbt itself, which asks for the contracts of the marts as well."""
    seed, as_of, config = CASES[request.param]
    lake = History(seed, as_of).lake
    run = tiny_run(tmp_path_factory.mktemp("lake"), as_of, config)
    return (built if request.param == "mid_month" else compiled.write)(lake, run), Oracle(lake, run)


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
    wanted = KpiOracle(oracle).rows()
    # of the metrics that this oracle knows: the others have one of their own
    names = {metric for metric, *_ in wanted}
    found = {key: value for key, value in found.items() if key[0] in names}
    assert found.keys() == wanted.keys()
    assert {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]} == {}


def test_rows_behind_every_kpi_add_up_to_it(case: tuple[Home, Oracle], request: pytest.FixtureRequest) -> None:
    """The drill-down is SQL of its own: for every metric, period and dimension value its rows give numerator and denominator."""
    home, oracle = case
    grains = GRAINS if "mid_month" in request.node.name else ("month", "quarter")  # days and weeks of one history are enough
    assert disagreements(home, oracle.as_of, grains=grains) == {}


def test_every_kpi_is_defined_and_every_definition_is_a_kpi(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    defined, currency = read_metrics(), oracle.run.config.reporting_currency
    published = rows(home, "select metric, unit, period_grain, dimension from kpi group by all")
    said = {(name, currency if metric.unit == "money" else metric.unit) for name, metric in defined.items()}
    assert {(metric, unit) for metric, unit, *_ in published} == said
    for name, metric in defined.items():
        assert {grain for found, _, grain, _ in published if found == name} == set(metric.grains), name
        # a history without a single fact of a kind has no value of its dimensions
        assert {"all"} <= {dimension for found, _, _, dimension in published if found == name} <= set(metric.dimensions), name


def test_a_ratio_without_a_denominator_is_null(case: tuple[Home, Oracle]) -> None:
    home, _ = case
    ratios = rows(home, "select metric, numerator, denominator, value from kpi where denominator is not null")
    assert all((value is None) == (denominator == 0) for *_, denominator, value in ratios)
    # of a sum of probabilities two decimals are shown
    shown = {name: Decimal("0.005") if metric.is_prediction else Decimal(0) for name, metric in read_metrics().items()}
    assert all(
        abs(value - numerator / denominator) < Decimal("0.000001") + shown[metric] / denominator
        for metric, numerator, denominator, value in ratios
        if denominator
    )


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
        for preset in ("monthly", "annual", "quantile")
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
        for preset in ("monthly", "annual", "quantile")
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
    wanted = {row["customer_id"]: oracle.lifecycle(row["customer_id"], oracle.as_of) for row in oracle.lake.of("golden_customers")}
    assert dict(rows(home, "select customer_id, lifecycle_stage from customer_lifecycle")) == wanted


def test_lifecycle_history_is_the_stage_of_each_day_without_hindsight(case: tuple[Home, Oracle]) -> None:
    home, oracle = case
    found = rows(home, "select customer_id, lifecycle_stage, valid_from_on, valid_to_on from customer_lifecycle_history")
    wanted = [(row["customer_id"], *stage) for row in oracle.lake.of("golden_customers") for stage in oracle.stages(row["customer_id"])]
    assert sorted(found, key=str) == sorted(wanted, key=str)


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
