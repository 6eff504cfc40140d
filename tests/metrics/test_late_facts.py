"""Facts that a day's first run did not see are named, and nothing else is: judged against plain Python over random exports."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.dbt.lake import at
from tests.metrics.runs import Runs

DAY = date(2026, 11, 1)


def random_exports(seed: int, runs: Runs) -> dict[str, bool]:
    """Six exports of overlapping orders, some of which change between them; gives each load and whether it came in time."""
    pick, delivered = random.Random(seed), {}
    for number in range(6):
        exported_at = at(DAY + timedelta(days=pick.randint(0, 3)), pick.choice((3, 20)))
        delivered[f"l{number}"] = pick.random() < 0.5
        runs.lake.add("channel_loads", load_id=f"l{number}", outcome="loaded", exported_at=exported_at)
        for order in pick.sample(range(25), 12):
            runs.lake.add(
                "channel_orders",
                order_key=f"shop:{order}",
                ordered_at=at(DAY + timedelta(days=order % 5 - 3), 12),
                status="paid",
                paid_amount=pick.choice((Decimal(1), Decimal(1), Decimal(2))),
                refunded_amount=pick.choice((None, None, Decimal(1))),
                _load_id=f"l{number}",
                _source_row=order + 1,
                _exported_at=exported_at,
            )
    return delivered


@pytest.mark.parametrize("seed", range(6))
def test_random_exports_give_the_late_facts_of_plain_python(seed: int, tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    delivered = random_exports(seed, runs)
    run = runs.write_lake(DAY)
    exported = {row["load_id"]: row["exported_at"] for row in runs.lake.of("channel_loads")}
    visible = frozenset(load for load, moment in exported.items() if moment < run.exported_before_at)
    first = frozenset(load for load in visible if delivered[load])
    runs.run("a", DAY, {}, loads=first)
    counts = runs.run("b", DAY, {}, loads=visible)

    rows = [row for row in runs.lake.of("channel_orders") if row["ordered_at"] < run.as_of_end_at]

    def newest(loads: frozenset[str]) -> dict[str, dict[str, Any]]:
        ranked = sorted((row for row in rows if row["_load_id"] in loads), key=lambda row: (row["_exported_at"], row["_load_id"]))
        return {row["order_key"]: row for row in ranked}

    def said(row: dict[str, Any]) -> tuple[Any, ...]:
        return row["paid_amount"], row["refunded_amount"]

    wanted: dict[str, tuple[str, str, bool]] = {}
    for loads, known, is_counted in (
        (visible - first, first, True),
        (frozenset(exported) - visible, visible, False),
    ):
        before, after = newest(known), newest(known | loads)
        for key, row in after.items():
            if row["_load_id"] in known or key in wanted:
                continue
            if key not in before:
                change = "new"
            elif said(row) == said(before[key]):
                continue
            else:
                change = "refunded" if row["refunded_amount"] != before[key]["refunded_amount"] else "changed"
            wanted[key] = (change, row["_load_id"], is_counted)
    found = {row["fact_key"]: (row["change"], row["load_id"], row["is_counted"]) for row in runs.rows("late_facts")}
    assert found == wanted
    assert counts["late_counted"] == sum(is_counted for _, _, is_counted in wanted.values())
    assert wanted


def test_no_key_made_of_a_person_is_shown(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    late: dict[str, Any] = {"_load_id": "l1", "_exported_at": at(DAY + timedelta(days=2)), "channel": "mail"}
    runs.lake.add("channel_loads", load_id="l1", outcome="loaded", exported_at=late["_exported_at"])
    ann = "mail:ann@example.com"
    runs.lake.add("channel_events", event_key="mail:7/ann@example.com", source_record_key=ann, occurred_at=at(DAY), **late)
    runs.lake.add("channel_profiles", source_record_key=ann, registered_at=at(DAY), **late)
    runs.lake.add("channel_costs", cost_key="mail:c", spent_from_on=DAY, **late)
    runs.write_lake(DAY)
    runs.run("a", DAY, {})
    keys = {row["fact_table"]: row["fact_key"] for row in runs.rows("late_facts")}
    assert keys.keys() == {"channel_events", "channel_profiles", "channel_costs"}
    assert "ann" not in "".join(keys.values())
    assert keys["channel_costs"] == "mail:c"
