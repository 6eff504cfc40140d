"""What happens after the sale, on random histories: facts, stores with their regions, and every number on service and loyalty."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.metrics import read_metrics
from tests.dbt.compiled import CompiledModels
from tests.dbt.drilldown import disagreements
from tests.dbt.lake import Row, tiny_run
from tests.dbt.service_history import ServiceHistory
from tests.dbt.warehouse import rows
from tests.oracle.service import ServiceOracle, quantile

AS_OF = date(2024, 3, 13)
MODELS = (
    *("fct_interactions", "fct_costs", "fct_stock", "fct_consents", "int_kpi_service", "int_kpi_loyalty", "kpi", "mart_service__quality"),
    *("refund_reasons", "customer_levels", "customer_points", "customer_points_differences", "member_levels"),
)
LEVELS = {"silver": {"net_amount_from": 700, "order_count_from": 3}, "gold": {"net_amount_from": 2500, "order_count_from": 9}}
CONFIG = Config.model_validate(
    {"loyalty": {"points_per_unit": "1.5", "levels": LEVELS}, "service": {"first_response_target_seconds": 59}},
)


@pytest.fixture(scope="module")
def case(compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, ServiceOracle]:
    lake = ServiceHistory(5, AS_OF).lake
    run = tiny_run(tmp_path_factory.mktemp("lake"), AS_OF, CONFIG)
    return compiled.write(lake, run, *MODELS), ServiceOracle(lake, run)


def test_tickets_are_the_newest_that_the_day_knows(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    found = rows(
        home,
        "select ticket_key, customer_id, order_key, status, ticket_type, first_response_seconds, resolution_seconds, satisfaction_score"
        " from fct_tickets",
    )
    wanted = [
        (
            key,
            oracle.customer(ticket),
            oracle.order_of(ticket),
            "open" if oracle.is_solved_later(ticket) else ticket["status"],
            ticket["ticket_type"],
            oracle.seconds(ticket, "first_replied_at"),
            oracle.seconds(ticket, "solved_at"),
            oracle.score(ticket),
        )
        for key, ticket in oracle.tickets.items()
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    assert any(row[1] is None for row in found) and any(row[2] for row in found)


def test_reviews_and_points_keep_customer_and_order(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    found = rows(home, "select review_key, customer_id, order_key, review_type, score from fct_reviews")
    wanted = [(key, oracle.customer(row), oracle.order_of(row), row["review_type"], row["score"]) for key, row in oracle.reviews.items()]
    assert sorted(found, key=str) == sorted(wanted, key=str)
    moved = rows(home, "select customer_id, order_key, reason, points_delta, occurred_at from fct_points")
    expected = [(oracle.customer(p), oracle.order_of(p), p["reason"], p["points_delta"], p["occurred_at"]) for p in oracle.points.values()]
    assert sorted(moved, key=str) == sorted(expected, key=str)


def test_no_key_of_a_fact_holds_an_id_of_a_person(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    persons = {row["source_record_key"] + "/" for row in oracle.points.values()}
    keys = rows(home, "select points_key from fct_points union all select interaction_key from fct_interactions")
    assert [key for (key,) in keys if any(person in key for person in persons)] == []
    assert len(set(keys)) == len(keys)


def test_every_store_has_a_row_and_a_region(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    columns = ("region", "region_source", "store_name", "has_orders")
    found = {
        row[0]: dict(zip(columns, row[1:], strict=True)) for row in rows(home, f"select store_key, {', '.join(columns)} from dim_stores")
    }
    assert found == oracle.stores
    assert {row["region_source"] for row in found.values()} == {"organization", "store_list", "nobody"}


def test_orders_carry_their_store_and_its_region(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    stores = oracle.stores
    wanted = []
    for key, order in oracle.orders.items():
        store = order["store_id_channel"] and f"{order['channel']}:{order['store_id_channel']}"
        wanted.append((key, store, stores[store]["region"] if store else None))
    assert sorted(rows(home, "select order_key, store_key, region from fct_orders"), key=str) == sorted(wanted, key=str)


def test_costs_and_stock_are_the_newest_that_the_day_knows(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case

    def newest(table: str, key: str, day: str) -> dict[str, Row]:
        found: dict[str, Row] = {}
        for row in sorted(oracle.lake.of(table), key=lambda row: (row["_exported_at"], row["_load_id"], row["_source_row"])):
            if row["_exported_at"] < oracle.run.exported_before_at and row[day] <= AS_OF:
                found[row[key]] = row
        return found

    costs = newest("channel_costs", "cost_key", "spent_from_on")
    wanted = [(key, oracle.converted(row["cost_amount"], row["currency_code"], row["spent_from_on"])) for key, row in costs.items()]
    assert sorted(rows(home, "select cost_key, cost_amount from fct_costs")) == sorted(wanted)
    stock = newest("channel_stock", "stock_key", "counted_on")
    assert sorted(rows(home, "select stock_key, quantity from fct_stock")) == sorted((key, row["quantity"]) for key, row in stock.items())


def test_the_newest_word_of_each_record_is_its_consent(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    newest: dict[tuple[str, ...], Row] = {}

    # of two words of one day the denial is the newer
    def age(row: Row) -> tuple[Any, ...]:
        return (row["last_seen_at"] + timedelta(hours=8)).date(), row["status"] == "denied", row["last_seen_at"], row["_exported_at"]

    for row in sorted(oracle.lake.of("channel_consents"), key=age):
        if row["_exported_at"] < oracle.run.exported_before_at and row["first_seen_at"] < oracle.run.as_of_end_at:
            newest[tuple(row[name] for name in ("source_record_key", "contact_type", "contact_value_raw", "medium", "purpose"))] = row
    wanted = [(oracle.customer_of.get(key[0]), key[3], row["status"], row["last_seen_at"]) for key, row in newest.items()]
    found = rows(home, "select customer_id, medium, status, stated_at from fct_consents")
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_every_metric_on_service_and_loyalty_equals_the_oracle(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    wanted = oracle.service_kpis() | oracle.loyalty_kpis()
    metrics = {metric for metric, *_ in wanted}
    columns = "metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, is_provisional"
    found = {tuple(row[:5]): tuple(row[5:]) for row in rows(home, f"select {columns} from kpi") if row[0] in metrics}
    assert found.keys() == wanted.keys()
    assert {key: (found[key], wanted[key]) for key in wanted if found[key] != wanted[key]} == {}
    provisional = {key for key, (*_, is_provisional) in found.items() if is_provisional and key[2] < date(2024, 1, 1)}
    assert provisional and all(key[0].startswith(("csat", "first_response", "resolution")) for key in provisional)


def test_rows_behind_each_metric_add_up_to_it_in_each_of_its_dimensions(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    assert {family: disagreements(home, oracle.as_of, family) for family in ("service", "loyalty")} == {"service": {}, "loyalty": {}}
    published = rows(home, "select metric, period_grain, dimension from kpi group by all")
    for name, metric in read_metrics().items():
        if metric.family in {"service", "loyalty"}:
            assert {grain for found, grain, _ in published if found == name} == set(metric.grains), name
            assert {dimension for found, _, dimension in published if found == name} == set(metric.dimensions), name


def test_dimensions_add_up_to_the_whole(case: tuple[Home, ServiceOracle]) -> None:
    home, _ = case
    additive = "unit in ('rate', 'points') and period_grain in ('week', 'month') and metric in"
    metrics = ("csat", "nps", "positive_review_share", "complaint_rate", "points_issued", "points_redeemed", "points_expired")
    sums = rows(
        home,
        "select metric, period_start, period_grain, dimension, sum(numerator), sum(denominator) from kpi"
        f" where {additive} {metrics} group by all having dimension <> 'all'",
    )
    wholes = {
        row[:3]: row[3:]
        for row in rows(
            home,
            f"select metric, period_start, period_grain, numerator, denominator from kpi where {additive} {metrics} and dimension = 'all'",
        )
    }
    assert sums
    assert [row for row in sums if wholes[row[:3]] != row[4:]] == []


def test_service_quality_is_that_of_the_cases_opened_in_the_month(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    found = rows(
        home,
        "select opened_month, channel, ticket_type, case_count, open_case_count, answered_case_count, answered_in_time_case_count,"
        " solved_case_count, rated_1_case_count, rated_5_case_count, satisfied_case_count,"
        " cast(resolution_seconds_p90 as decimal(18, 2)) from mart_service__quality",
    )
    groups = defaultdict(list)
    for one in oracle.cases:
        groups[one.on.replace(day=1), one.slices["channel"], one.kind or "unclassified"].append(one)
    wanted = [
        (
            *key,
            len(cases),
            sum(one.is_open for one in cases),
            sum(one.response is not None for one in cases),
            sum(one.response is not None and one.response <= 59 for one in cases),
            sum(one.resolution is not None for one in cases),
            sum(one.score == 1 for one in cases),
            sum(one.score == 5 for one in cases),
            sum(one.is_satisfied for one in cases),
            quantile([one.resolution for one in cases if one.resolution is not None], 0.9),
        )
        for key, cases in groups.items()
    ]
    assert sorted(found, key=str) == sorted(wanted, key=str)


def test_of_two_feeds_that_report_a_refund_the_larger_is_counted(case: tuple[Home, ServiceOracle]) -> None:
    home, _ = case
    refunds = rows(home, "select order_key, channel, reason, refunded_on, refunded_amount from fct_refunds where status = 'succeeded'")
    feeds: dict[str, dict[str, tuple[Decimal, int]]] = defaultdict(dict)
    for order, channel, reason, _, amount in refunds:
        money, reasons = feeds[order].get(channel, (Decimal(0), 0))
        feeds[order][channel] = (money + amount, reasons + bool(reason and reason.strip()))
    wanted: dict[tuple[object, ...], tuple[int, Decimal]] = {}
    for order, channel, reason, day, amount in refunds:
        chosen = min(
            feeds[order].items(), key=lambda feed: (-feed[1][0], -feed[1][1], not (order or "").startswith(f"{feed[0]}:"), feed[0])
        )
        if order is None or chosen[0] == channel:
            key = (day.replace(day=1), channel, (reason or "").strip() or "not_given")
            count, money = wanted.get(key, (0, Decimal(0)))
            wanted[key] = (count + 1, money + amount)
    found = {
        row[:3]: row[3:] for row in rows(home, "select refund_month, channel, reason, refund_count, refunded_amount from refund_reasons")
    }
    assert found == wanted
    assert sum(count for count, _ in wanted.values()) < len(refunds)


def test_levels_are_those_of_the_last_365_days(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    found = {row[0]: row[1:] for row in rows(home, "select customer_id, level, stated_level, statement from customer_levels")}
    assert found == oracle.levels()
    assert {level for level, *_ in found.values()} == {"normal", "silver", "gold"}
    assert len({statement for *_, statement in found.values()}) == 5


def test_every_difference_of_points_is_listed_with_its_reason(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    found = rows(home, "select customer_id, order_key, reason, points_expected, points_recorded from customer_points_differences")
    assert sorted(found, key=str) == sorted(oracle.points_differences(), key=str)
    assert {reason for _, _, reason, *_ in found} == {
        "not_recorded",
        "taken_back",
        "other_points",
        "order_of_another",
        "no_purchase",
        "without_order",
    }
    balances = dict(rows(home, "select customer_id, points_balance from customer_points where last_moved_on is not null"))
    wanted: dict[str | None, int] = defaultdict(int)
    for row in oracle.points.values():
        wanted[oracle.customer(row)] += row["points_delta"]
    assert wanted.pop(None) and balances == wanted
