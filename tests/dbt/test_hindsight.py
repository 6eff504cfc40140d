"""A past day, run again after later ones, gives what its run gave, but for facts that came late; and these are named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.metrics import Period, RunFacts, read_metrics, record_metrics, revision_of
from tests.dbt.compiled import CompiledModels
from tests.dbt.history import History
from tests.dbt.lake import TinyLake, tiny_run
from tests.dbt.warehouse import rows
from tests.metrics.runs import PLAIN

DAY, NEXT_DAY = date(2024, 2, 29), date(2024, 3, 2)
LATE, LATER = "delivered_late", "exported_later"
ORDER_DAYS = "select order_key, channel, coalesce(purchased_on, booked_on) from fct_orders"
Kpi = Mapping[tuple[Any, ...], tuple[Any, ...]]


@dataclass
class Nights:
    """Three runs on one home: a day, a later day that had more files, and the first day again."""

    home: Home
    first: Kpi
    next: Kpi
    again: Kpi
    restatements: pl.DataFrame
    late_facts: pl.DataFrame
    days_of_order: Mapping[str, set[tuple[str, date]]]  # order -> channel and days that it stood on in any run
    orders_of_refund: Mapping[str, set[str]]
    payment_no: Mapping[str, str | None]


def delivered(lake: TinyLake, run: Run, *, loads: set[str]) -> TinyLake:
    """The lake with the facts of these loads: each file is one export, of one moment, in time for the day or not."""
    kept = TinyLake()
    exported_at = {"in_time": run.as_of_end_at, LATE: run.as_of_end_at, LATER: run.exported_before_at}
    for name, table_rows in lake.rows.items():
        for number, row in enumerate(table_rows, 2):
            if not name.startswith("channel_"):
                kept.add(name, **row)
                continue
            in_time = LATE if row["_load_id"].startswith(("b", "d")) else "in_time"
            load = LATER if row["_exported_at"] >= run.exported_before_at else in_time
            if load in loads:
                kept.add(name, **row | {"_load_id": load, "_source_row": number})
    for load in loads:
        kept.add("channel_loads", load_id=load, outcome="loaded", exported_at=exported_at[load])
    return kept


@pytest.fixture(scope="module")
def nights(compiled: CompiledModels, tmp_path_factory: pytest.TempPathFactory) -> Nights:
    everything = History(11, DAY).lake
    late_order = next(row for row in everything.of("channel_orders") if row["status"] == "completed" and row["paid_amount"])
    for number, load in enumerate(("d", "d", "later")):
        moment = late_order["ordered_at"] if load == "d" else tiny_run(tmp_path_factory.mktemp("x"), DAY).exported_before_at
        copy = {"order_key": f"shop:late{number}", "order_no": f"late{number}", "channel": "shop", "payment_no": None}
        dated = {"ordered_at": late_order["ordered_at"], "_load_id": load, "_exported_at": moment + timedelta(hours=1)}
        everything.add(
            "channel_orders",
            **late_order | copy | dated | {"paid_at": None, "refunded_amount": None, "order_type": "sale", "currency_code": "CNY"},
        )
    root, records, found = tmp_path_factory.mktemp("home"), dict[str, RunFacts](), list[Kpi]()
    days, refunds = dict[str, set[tuple[str, date]]](), dict[str, set[str]]()
    for name, day, loads in (
        ("first", DAY, {"in_time"}),
        ("next", NEXT_DAY, {"in_time", LATE, LATER}),
        ("again", DAY, {"in_time", LATE, LATER}),
    ):
        run = tiny_run(root, day)
        lake = delivered(everything, tiny_run(root, DAY), loads=loads)
        home = compiled.write(lake, run, "kpi", "fct_refunds")
        visible = frozenset(loads if day == NEXT_DAY else loads - {LATER})
        facts = replace(PLAIN, run_id=name, loads=visible)
        record_metrics(run, facts, records.get, [records["first"]] if name == "again" else [])
        records[name] = replace(facts, kpi_revision=revision_of(run, name))
        columns = "metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, value"
        found.append({row[:5]: row[5:] for row in rows(home, f"select {columns} from kpi")})
        for order, channel, on in rows(home, ORDER_DAYS):
            days.setdefault(order, set()).add((channel, on))
        for refund, order in rows(home, "select refund_key, order_key from fct_refunds where order_key is not null"):
            refunds.setdefault(refund, set()).add(order)
    tables = [pl.read_parquet(home.table(name) / "part-0.parquet") for name in ("kpi_restatement", "late_facts")]
    payments = {row["order_key"]: row["payment_no"] for row in everything.of("channel_orders")}
    return Nights(home, *found, *tables, days, refunds, payments)


def test_only_days_of_late_facts_have_other_sales(nights: Nights) -> None:
    counted = nights.late_facts.filter("is_counted")
    orders: set[str] = set()
    for table, key in counted.select("fact_table", "fact_key").iter_rows():
        orders |= {key} if table == "channel_orders" else nights.orders_of_refund.get(key, set())
    # a payment number that a late order shares no longer says whose refund it is
    shared = {nights.payment_no.get(order) for order in orders} - {None}
    orders |= {order for order, number in nights.payment_no.items() if number in shared}
    touched = set().union(*(nights.days_of_order.get(order, set()) for order in orders))
    changed = {
        (key[4], key[2])
        for key in nights.first.keys() | nights.again.keys()
        if key[:2] == ("net_sales", "day") and key[3] == "channel" and nights.first.get(key) != nights.again.get(key)
    }
    assert changed
    assert changed - touched == set()


def test_what_was_exported_too_late_is_named_and_not_counted(nights: Nights) -> None:
    left_out = nights.late_facts.filter(~pl.col("is_counted"))
    assert "shop:late2" in left_out["fact_key"].to_list()
    assert set(left_out["load_id"]) == {LATER}
    assert set(nights.late_facts.filter("is_counted")["load_id"]) == {LATE}
    assert not any(key[0] == "shop:late2" for key in rows(nights.home, "select order_key from fct_orders"))


def test_the_later_run_restates_what_had_been_over_and_says_why(nights: Nights) -> None:
    predictions = {name for name, metric in read_metrics().items() if metric.is_prediction}
    over = {key: sides for key, sides in nights.first.items() if Period(key[1], key[2]).end <= DAY and key[0] not in predictions}
    slices = {key[:4] for key in over}
    keys = over.keys() | {key for key in nights.next if key[:4] in slices}
    wanted = {key for key in keys if over.get(key) != nights.next.get(key)}
    key_columns = ("metric", "period_grain", "period_start", "dimension", "dimension_value")
    restated = nights.restatements.filter(run_id="next")
    assert set(restated.select(key_columns).iter_rows()) == wanted
    assert restated.filter(pl.col("cause") == "unexplained").height == 0
    sales = restated.filter(metric="net_sales", dimension="all", period_grain="day")
    assert sales.height and sales["cause"].str.contains("late order|changed order|late refund").all()


def test_the_past_day_restates_nothing(nights: Nights) -> None:
    assert set(nights.restatements["run_id"]) == {"next"}
