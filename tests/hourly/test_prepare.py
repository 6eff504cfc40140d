"""What an hour knows of customers: columns against an oracle over random histories, and whose the new records are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.contracts.hours import Hour
from pipelines.contracts.run import Run
from pipelines.hourly import RECOMPUTED, HourReport, Night, newest_fact_at, prepare_hour
from tests.dbt.lake import TinyLake, tiny_run

NIGHT = date(2026, 3, 9)
END = datetime(2026, 3, 9, 16, tzinfo=UTC)  # midnight in China
AT = datetime(2026, 3, 10, 6, tzinfo=UTC)  # two in the afternoon
CUSTOMERS = [f"c{number:02}" for number in range(40)]
COLUMNS = [name for name in RECOMPUTED if name != "as_of"]


@dataclass(frozen=True)
class Fact:
    """An event or an order (`name` ordered) of a source record, and the load that tells of it."""

    key: str
    record: str
    name: str
    at: datetime
    load: str


def known(facts: list[Fact], end: datetime, day: date) -> dict[str, Any]:
    """The columns of one customer, from the facts that are told, as metrics define them."""
    seen = {fact.key: fact for fact in facts if fact.at < end}.values()
    events = [fact for fact in seen if fact.name != "ordered"]
    carts = [fact.at for fact in events if fact.name == "product_added"]
    checkouts = [fact.at for fact in seen if fact.name in {"ordered", "order_completed"}]
    views = [(fact.at + timedelta(hours=8)).date() for fact in events if fact.name == "product_viewed"]
    last_cart, last_active = max(carts, default=None), max((fact.at for fact in seen), default=None)
    is_open = last_cart is not None and not any(at >= last_cart for at in checkouts)
    return {
        "last_event_at": max((fact.at for fact in events), default=None),
        "last_cart_at": last_cart,
        "product_view_count_7d": sum(day - on < timedelta(days=7) for on in views),
        "product_view_count_30d": sum(day - on < timedelta(days=30) for on in views),
        "has_open_cart": is_open,
        "open_cart_hours": int((end - last_cart).total_seconds() // 3600) if is_open and last_cart else None,
        "has_ordered_after_day": any(fact.name == "ordered" and fact.at >= end for fact in facts),
        "last_active_at": last_active,
        "last_active_on": (last_active + timedelta(hours=8)).date() if last_active else None,
    }


def home_after(folder: Path, lake: TinyLake, night_facts: dict[str, list[Fact]], loads: list[str]) -> tuple[Run, Night]:
    """A home whose last night saw these facts; the run of the hour, and the night."""
    run = tiny_run(folder, NIGHT)
    lake.write(run.home, run)
    rows = [{"customer_id": name, "as_of": NIGHT, **known(night_facts[name], END, NIGHT), "city": name[-1]} for name in CUSTOMERS]
    told = [
        {"customer_id": name, "event_name": fact.name, "happened_at": fact.at, "occurred_on": (fact.at + timedelta(hours=8)).date()}
        for name in CUSTOMERS
        for fact in {fact.key: fact for fact in night_facts[name] if fact.at < END}.values()
    ]
    database = folder / "night.duckdb"
    instants = dict.fromkeys(("last_event_at", "last_cart_at", "last_active_at", "happened_at"), pl.Datetime("us", "UTC"))
    types: dict[str, Any] = {**instants, "open_cart_hours": pl.Int64}
    pl.DataFrame(rows, schema_overrides=types, infer_schema_length=None).write_parquet(folder / "customers.parquet")
    pl.DataFrame(told, schema_overrides=types).write_parquet(folder / "facts.parquet")
    with duckdb.connect(str(database)) as connection:
        connection.execute(f"create table mart_marketing__customer_360 as select * from read_parquet('{folder}/customers.parquet')")
        facts = f"select * rename (happened_at as occurred_at) from read_parquet('{folder}/facts.parquet')"
        connection.execute(f"create table fct_events as select * from ({facts}) where event_name <> 'ordered'")
        connection.execute(
            f"create table fct_orders as select customer_id, occurred_at as ordered_at from ({facts}) where event_name = 'ordered'"
        )
        connection.execute(
            "create table fct_sends (send_key varchar, channel varchar, campaign_key varchar, customer_id varchar, medium varchar,"
            " status varchar, counted_on date, opened_at timestamptz, clicked_at timestamptz)"
        )
    hour = Run(date(2026, 3, 10), run.config, run.home, run.reference, Hour(AT, NIGHT))
    return hour, Night(run, loads, database)


def customers(run: Run) -> dict[str, dict[str, Any]]:
    with duckdb.connect(str(run.home.marts), read_only=True) as connection:
        connection.execute(f"copy mart_marketing__customer_360 to '{run.home.root}/hour.parquet'")
    rows = pl.read_parquet(run.home.root / "hour.parquet").to_dicts()
    return {row["customer_id"]: row for row in rows}


def exported_at(fact: Fact) -> datetime:
    return END + timedelta(hours=1) if fact.load.startswith("night") else AT - timedelta(minutes=5)


def tell(lake: TinyLake, fact: Fact) -> None:
    told: dict[str, Any] = {"source_record_key": fact.record, "channel": "web", "_load_id": fact.load, "_exported_at": exported_at(fact)}
    if fact.name == "ordered":
        lake.add("channel_orders", order_key=fact.key, ordered_at=fact.at, **told)
    else:
        lake.add("channel_events", event_key=fact.key, event_name=fact.name, occurred_at=fact.at, **told)


@pytest.mark.parametrize("seed", range(3))
def test_columns_are_what_the_definitions_say_at_the_instant(tmp_path: Path, seed: int) -> None:
    """Whatever came when: late files, exports that tell again of what is known, facts after midnight in the files of the night."""
    pick, lake = Random(seed), TinyLake()
    facts: dict[str, list[Fact]] = {name: [] for name in CUSTOMERS}
    for name in CUSTOMERS:
        lake.add("identity_current", source_record_key=f"web:{name}", customer_id=name)
        lake.add("golden_customers", customer_id=name)
        for number in range(pick.randint(0, 12)):
            kind = pick.choice(["product_viewed", "product_viewed", "product_added", "order_completed", "ordered", "searched"])
            at = AT - timedelta(minutes=pick.choice([pick.randint(-600, 1500), pick.randint(0, 60 * 24 * 35)]))
            loads = [pick.choice(["night1", "night2"])] if at < END + timedelta(hours=1) and pick.random() < 0.8 else ["hour1"]
            loads += ["hour2"] if pick.random() < 0.3 else []
            for load in loads:
                facts[name].append(Fact(f"web:{name}/{number}", f"web:{name}", kind, at, load))
                tell(lake, facts[name][-1])
    of_night = {name: [fact for fact in told if fact.load.startswith("night")] for name, told in facts.items()}
    run, night = home_after(tmp_path, lake, of_night, ["night1", "night2"])
    assert prepare_hour(run, night, [*COLUMNS, "city"]) == HourReport(0, 0)
    found = customers(run)
    for name in CUSTOMERS:
        expected = known(facts[name], AT, run.as_of) | {"customer_id": name, "as_of": run.as_of, "city": name[-1]}
        assert found[name] == expected, name
    assert any(row["has_open_cart"] for row in found.values())
    newest = max(fact.at for told in facts.values() for fact in told if fact.at <= exported_at(fact))
    assert newest_fact_at(night.run) == newest


# how the phone and the member number of a new record, its name, and what is known of them, decide whose it is
Setting = Callable[[TinyLake], None]


def _point(lake: TinyLake, record: str, kind: str, value: str) -> None:
    lake.add("identity_contact_points", source_record_key=record, type=kind, scope="global", value=value, state="real", is_accepted=True)


def _claim(lake: TinyLake, kind: str, value: str) -> None:
    told = {"_load_id": "hour1", "_exported_at": AT, "first_seen_at": AT - timedelta(hours=2), "last_seen_at": AT - timedelta(hours=2)}
    lake.add("channel_contact_points", source_record_key="till:new", channel="till", type=kind, scope="global", value_raw=value, **told)


def _same_phone(lake: TinyLake) -> None:
    _point(lake, "web:c00", "phone", "+8613800138000")
    _claim(lake, "phone", "138 0013 8000")


def _of_two(lake: TinyLake) -> None:
    _same_phone(lake)
    _point(lake, "web:c01", "phone", "+8613800138000")


def _recycled(lake: TinyLake) -> None:
    _same_phone(lake)
    lake.add("identity_ownerships", type="phone", scope="global", value="+8613800138000", owner_no=2)


def _other_name(lake: TinyLake) -> None:
    _same_phone(lake)
    lake.add("channel_profiles", source_record_key="till:new", channel="till", full_name="张三", _load_id="hour1", _exported_at=AT)


def _other_member(lake: TinyLake) -> None:
    _same_phone(lake)
    _point(lake, "web:c00", "member_id", "M1")
    _claim(lake, "member_id", "M2")


def _unaccepted(lake: TinyLake) -> None:
    row = {"source_record_key": "web:c00", "type": "phone", "scope": "global", "value": "+8613800138000", "state": "real"}
    lake.add("identity_contact_points", **row, is_accepted=False)
    _claim(lake, "phone", "13800138000")


@pytest.mark.parametrize(
    ("setting", "is_theirs", "may_have_ordered"),
    [
        (_same_phone, True, {"c00"}),
        (_of_two, False, {"c00", "c01"}),
        (_recycled, False, {"c00"}),
        (_other_name, False, {"c00"}),
        (_other_member, False, {"c00"}),
        (_unaccepted, False, set()),
    ],
)
def test_a_new_record_is_plainly_a_customers_or_waits(
    tmp_path: Path, setting: Setting, is_theirs: bool, may_have_ordered: set[str]
) -> None:
    """Its carts are a customer's only if it is; its orders silence everybody who may have made them. Nobody is merged."""
    lake, facts = (
        TinyLake(),
        {name: [Fact(f"web:{name}/1", f"web:{name}", "product_added", END - timedelta(hours=2), "night1")] for name in CUSTOMERS},
    )
    for name in CUSTOMERS:
        lake.add("identity_current", source_record_key=f"web:{name}", customer_id=name)
        lake.add("golden_customers", customer_id=name, full_name="李四")
        tell(lake, facts[name][0])
    tell(lake, Fact("till:o1", "till:new", "ordered", AT - timedelta(hours=3), "hour1"))
    tell(lake, Fact("till:e1", "till:new", "product_viewed", AT - timedelta(hours=1), "hour1"))
    setting(lake)
    run, night = home_after(tmp_path, lake, facts, ["night1"])
    assert prepare_hour(run, night, COLUMNS) == HourReport(1, 0 if is_theirs else 1)
    found = customers(run)
    assert {name for name, row in found.items() if not row["has_open_cart"]} == may_have_ordered
    assert {name for name, row in found.items() if row["product_view_count_7d"]} == ({"c00"} if is_theirs else set())
    current = pl.read_parquet(run.home.table("identity_current") / "part-0.parquet")
    [owner] = current.filter(source_record_key="till:new")["customer_id"].to_list()
    assert (owner == "c00") is is_theirs
    assert set(current["customer_id"]) == {*CUSTOMERS, owner}
