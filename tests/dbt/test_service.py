"""What happens after the sale, on random histories: facts with their customers and orders, stores with their regions."""

from __future__ import annotations

from datetime import date

import pytest

from pipelines.contracts.home import Home
from tests.dbt.conftest import Build, rows
from tests.dbt.lake import Row, tiny_run
from tests.dbt.service_history import ServiceHistory
from tests.dbt.service_oracle import ServiceOracle

AS_OF = date(2024, 3, 13)
MODELS = (
    "dim_stores",
    "fct_orders",
    "fct_tickets",
    "fct_reviews",
    "fct_points",
    "fct_interactions",
    "fct_costs",
    "fct_stock",
    "fct_consents",
)
SELECTION = ("--select", *(f"+{model}" for model in MODELS), "--indirect-selection", "cautious")


@pytest.fixture(scope="module")
def case(built: Build, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, ServiceOracle]:
    lake = ServiceHistory(5, AS_OF).lake
    run = tiny_run(tmp_path_factory.mktemp("lake"), AS_OF)
    return built(lake, run, *SELECTION), ServiceOracle(lake, run)


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
    assert found == oracle.stores()
    assert {row["region_source"] for row in found.values()} == {"organisation", "store_list", "nobody"}


def test_orders_carry_their_store_and_its_region(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    stores = oracle.stores()
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
    wanted = [(key, oracle._converted(row["cost_amount"], row["currency_code"], row["spent_from_on"])) for key, row in costs.items()]
    assert sorted(rows(home, "select cost_key, cost_amount from fct_costs")) == sorted(wanted)
    stock = newest("channel_stock", "stock_key", "counted_on")
    assert sorted(rows(home, "select stock_key, quantity from fct_stock")) == sorted((key, row["quantity"]) for key, row in stock.items())


def test_the_newest_word_of_each_record_is_its_consent(case: tuple[Home, ServiceOracle]) -> None:
    home, oracle = case
    newest: dict[tuple[str, ...], Row] = {}
    for row in sorted(oracle.lake.of("channel_consents"), key=lambda row: (row["last_seen_at"], row["_exported_at"])):
        if row["_exported_at"] < oracle.run.exported_before_at and row["first_seen_at"] < oracle.run.as_of_end_at:
            newest[tuple(row[name] for name in ("source_record_key", "contact_type", "contact_value_raw", "medium", "purpose"))] = row
    wanted = [(oracle.customer_of.get(key[0]), key[3], row["status"], row["last_seen_at"]) for key, row in newest.items()]
    found = rows(home, "select customer_id, medium, status, stated_at from fct_consents")
    assert sorted(found, key=str) == sorted(wanted, key=str)
