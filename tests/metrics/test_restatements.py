"""What was published and is no longer so is told once, with its cause: judged against a ledger kept by hand over random nights."""

from __future__ import annotations

import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.engine import write_query
from pipelines.metrics import Period, restatements
from tests.dbt.lake import at
from tests.metrics.runs import Figures, Key, Runs

OCTOBER = date(2026, 10, 1)
FIGURE = ("value", "numerator", "denominator")


def sales(amount: int, *, grain: str = "month", start: date = OCTOBER, value: str = "all") -> Figures:
    return {("net_sales", grain, start, "all" if value == "all" else "channel", value): (Decimal(amount), None, False)}


def told(row: dict[str, Any]) -> tuple[Any, ...]:
    return row["run_id"], row["old_run_id"], row["period_start"], row["dimension_value"], row["old_value"], row["new_value"]


class Ledger:
    """What a careful clerk would write down."""

    def __init__(self) -> None:
        self.published: list[tuple[str, date, Figures]] = []
        self.restated: list[tuple[Any, ...]] = []

    def night(self, run_id: str, as_of: date, figures: Figures, *, publishes: bool) -> list[tuple[Any, ...]]:
        """Restatements that the run finds: key, old and new numerator and denominator."""
        if self.published and self.published[-1][1] > as_of:
            return []
        again = bool(self.published) and self.published[-1][:2] == (run_id, as_of)
        before = self.published[:-1] if again else self.published
        over = {key: found for key, found in figures.items() if Period(key[1], key[2]).end <= as_of}  # type: ignore[arg-type]
        found = self._differences(before[-1][2], over) if before else []
        rows = [(run_id, before[-1][0], *row) for row in found]
        if publishes:
            self.published = [*before, (run_id, as_of, over)]
            self.restated = [row for row in self.restated if not (again and row[0] == run_id and row in rows)] + rows
        return rows

    @staticmethod
    def _differences(old: Figures, new: Figures) -> list[tuple[Any, ...]]:
        slices = {key[:4] for key in old}
        keys: set[Key] = set(old) | {key for key in new if key[:4] in slices}
        nothing = (None, None, False)
        return [
            (*key, *old.get(key, nothing)[:2], *new.get(key, nothing)[:2])
            for key in sorted(keys)
            if old.get(key, nothing)[:2] != new.get(key, nothing)[:2]
        ]


def random_figures(pick: random.Random, last: date) -> Figures:
    figures: dict[Key, tuple[Decimal | None, Decimal | None, bool]] = {}
    for grain, start in (("day", last), ("day", last - timedelta(days=1)), ("week", Period.around("week", last).start), ("month", OCTOBER)):
        for dimension, value in (("all", "all"), ("channel", "shop"), ("channel", "till")):
            if pick.random() < 0.8 or dimension == "all":
                below = pick.choice((None, Decimal(0), Decimal(4)))
                figures["aov", grain, start, dimension, value] = (Decimal(pick.randint(0, 2)), below, pick.random() < 0.3)
    return figures


@pytest.mark.parametrize("seed", range(3))
def test_random_nights_restate_what_the_ledger_says(seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nights that publish, that are stopped, that die between two files, the same run again, and a day of the past."""
    pick, runs, ledger = random.Random(seed), Runs(tmp_path), Ledger()
    runs.write_lake(OCTOBER)
    day, nights = date(2026, 11, 6), list[tuple[str, date, Figures]]()
    for number in range(14):
        kind = pick.choice(("publishes", "publishes", "publishes", "stopped", "dies", "again", "past", "same_day"))
        day += timedelta(days=0 if kind in ("again", "past", "same_day") else pick.randint(1, 2))
        night = (f"r{number}", day - timedelta(days=3 if kind == "past" else 0), random_figures(pick, day - timedelta(days=1)))
        if kind == "again" and ledger.published:
            night = next(one for one in reversed(nights) if one[0] == ledger.published[-1][0])
        nights.append(night)
        if kind == "dies":
            with monkeypatch.context() as patch, pytest.raises(OSError, match="killed"):
                patch.setattr(restatements, "write_query", dying(after=1))
                runs.run(*night, publishes=False)
        publishes = kind not in ("stopped", "dies")
        expected = ledger.night(*night, publishes=publishes)
        counts = runs.run(*night, publishes=publishes)
        assert counts["restated"] == len(expected)
    columns = ("run_id", "old_run_id", "metric", "period_grain", "period_start", "dimension", "dimension_value")
    figures = ("old_numerator", "old_denominator", "new_numerator", "new_denominator")
    revisions = {facts.kpi_revision: run_id for run_id, facts in runs.records.items()}
    found = [
        tuple(row[name] for name in (*columns, *figures))
        for row in runs.rows("kpi_restatement")
        if revisions.get(row["revision"]) == row["run_id"]
    ]
    assert sorted(found, key=str) == sorted(ledger.restated, key=str)
    assert found


def dying(after: int) -> Any:
    """A `write_query` that is killed after so many files."""
    left = iter(range(after))

    def write(*given: Any) -> None:
        if next(left, None) is None:
            raise OSError("killed")
        write_query(*given)

    return write


def test_a_period_that_was_open_is_no_restatement(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    runs.run("a", date(2026, 10, 30), sales(1))
    assert runs.run("b", date(2026, 10, 31), sales(2))["restated"] == 0
    assert runs.run("c", date(2026, 11, 1), sales(3))["restated"] == 1
    assert [told(row) for row in runs.rows("kpi_restatement")] == [("c", "b", OCTOBER, "all", Decimal(2), Decimal(3))]


def test_a_new_metric_restates_nothing_and_a_value_that_came_up_or_went_does(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    runs.run("a", date(2026, 11, 1), sales(5) | sales(5, value="shop"))
    runs.run(
        "b", date(2026, 11, 2), sales(5) | sales(5, value="till") | {("aov", "month", OCTOBER, "all", "all"): (Decimal(1), None, False)}
    )
    assert [(row["dimension_value"], row["old_value"], row["new_value"]) for row in runs.rows("kpi_restatement")] == [
        ("shop", Decimal(5), None),
        ("till", None, Decimal(5)),
    ]


def test_the_same_run_again_writes_the_same_bytes(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    runs.run("a", date(2026, 11, 1), sales(1))
    runs.run("b", date(2026, 11, 2), sales(2))
    paths = [runs.home.table(name) / "part-0.parquet" for name in ("kpi_restatement", "kpi_published", "late_facts")]
    before = [path.read_bytes() for path in paths]
    assert runs.run("b", date(2026, 11, 2), sales(2)) == {"restated": 1, "late_counted": 0, "late_not_counted": 0}
    assert [path.read_bytes() for path in paths] == before


def test_a_figure_that_went_and_came_back_is_told_twice(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    for name, amount in (("a", 1), ("b", 2), ("a", 1), ("b", 2)):
        runs.run(name, date(2026, 11, 1), sales(amount))
    assert [(row["run_id"], row["new_value"]) for row in runs.rows("kpi_restatement")] == [("b", 2), ("a", 1), ("b", 2)]


def cause(runs: Runs, metric: str = "net_sales") -> str:
    [found] = {row["cause"] for row in runs.rows("kpi_restatement") if row["metric"] == metric}
    return str(found)


CUSTOMERS: Figures = {("repurchase_rate", "month", OCTOBER, "all", "all"): (Decimal(1), Decimal(2), False)}
FEWER: Figures = {("repurchase_rate", "month", OCTOBER, "all", "all"): (Decimal(0), Decimal(2), False)}


@pytest.mark.parametrize(
    ("inputs", "expected"),
    [
        ({"config_hash": "2"}, "configuration"),
        ({"code_version": "2", "definitions_hash": "2"}, "reviewed rows or definitions; code"),
        ({"readings_hash": "2"}, "files read again"),
        ({"loads": frozenset()}, "1 file no longer in the lake"),
        ({}, "unexplained"),
    ],
)
def test_what_the_runs_were_made_of_is_compared(inputs: dict[str, Any], expected: str, tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    loads = {"loads": frozenset({"l0"})}
    runs.run("a", date(2026, 11, 1), sales(1), **loads)
    runs.run("b", date(2026, 11, 2), sales(2), **(loads | inputs))
    assert cause(runs) == expected


def test_people_move_what_counts_customers_and_nothing_else(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    for change, other in (("merged", "c2"), ("merged", "c3"), ("created", "")):
        runs.lake.add("identity_changes", as_of=date(2026, 11, 2), change=change, customer_id="c1", other_customer_id=other)
    runs.write_lake(OCTOBER)
    runs.run("a", date(2026, 11, 1), sales(1) | CUSTOMERS)
    runs.run("b", date(2026, 11, 2), sales(2) | FEWER)
    assert (cause(runs), cause(runs, "repurchase_rate")) == ("unexplained", "identity (2 merges)")


def test_late_facts_of_the_period_are_told_by_kind(tmp_path: Path) -> None:
    """An order exported again as it was is no news; a refund belongs to the month of its order, and an event moves no sales."""
    runs, known = Runs(tmp_path), {"status": "paid", "paid_amount": Decimal(10), "order_type": "sale"}
    october, september = at(date(2026, 10, 5)), at(date(2026, 9, 5))
    for load, exported_at in (("l0", at(date(2026, 11, 1), 2)), ("l1", at(date(2026, 11, 2), 2))):
        for order in ("same", "refunded", "mended"):
            row = known | {"order_key": f"shop:{order}", "ordered_at": october, "_load_id": load, "_exported_at": exported_at}
            if load == "l1" and order == "refunded":
                row |= {"status": "completed", "refunded_amount": Decimal(3)}
            if load == "l1" and order == "mended":
                row |= {"paid_amount": Decimal(9)}
            runs.lake.add("channel_orders", **row)
    new = {"_load_id": "l1", "_exported_at": at(date(2026, 11, 2), 2)}
    runs.lake.add("channel_orders", order_key="shop:late", ordered_at=october, **known, **new)
    runs.lake.add("channel_orders", order_key="shop:earlier", ordered_at=september, **known, **new)
    runs.lake.add("channel_orders", order_key="shop:in_time", ordered_at=at(date(2026, 11, 2)), **known, **new)
    runs.lake.add("channel_refunds", refund_key="shop:r", refunded_at=at(date(2026, 11, 2)), refunded_amount=Decimal(1), **new)
    runs.lake.add("channel_events", event_key="web:e", occurred_at=october, **new)
    runs.write_lake(OCTOBER)
    booked = [("shop:late", OCTOBER), ("shop:refunded", OCTOBER), ("shop:mended", OCTOBER), ("shop:earlier", date(2026, 9, 5))]
    runs.run("a", date(2026, 11, 1), sales(1) | CUSTOMERS, loads=frozenset({"l0"}))
    runs.run(
        "b", date(2026, 11, 2), sales(2) | FEWER, loads=frozenset({"l0", "l1"}),
        orders=booked, refunds=[("shop:r", "shop:mended")],
    )  # fmt: skip
    assert cause(runs) == "1 changed order; 1 late order; 2 late refunds"
    assert cause(runs, "repurchase_rate") == "1 changed order; 1 late order; 2 late refunds; 1 late order of other days"


def test_a_figure_whose_window_was_open_says_so(tmp_path: Path) -> None:
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    key = ("new_buyer_repurchase_30d", "month", OCTOBER, "all", "all")
    runs.run("a", date(2026, 11, 1), {key: (Decimal(1), Decimal(2), True)})
    runs.run("b", date(2026, 11, 2), {key: (Decimal(2), Decimal(2), True)})
    assert cause(runs, "new_buyer_repurchase_30d") == "its window was not over"


def test_prediction_of_last_month_is_not_restated_by_its_absence(tmp_path: Path) -> None:
    """On the last day of a month its period is over; the next night predicts for its own month and says nothing of the old one."""
    runs = Runs(tmp_path)
    runs.write_lake(OCTOBER)
    predicted: Figures = {("ltv_predicted_12m", "month", OCTOBER, "all", "all"): (Decimal(900), Decimal(3), True)}
    assert runs.run("one", date(2026, 10, 31), {**sales(10), **predicted})["restated"] == 0
    assert runs.run("two", date(2026, 11, 1), sales(10))["restated"] == 0
    assert runs.run("three", date(2026, 11, 2), {**sales(11), **predicted})["restated"] == 1
