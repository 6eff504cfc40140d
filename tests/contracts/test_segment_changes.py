"""Entered, stayed, left: against the list that was published before, under the ids of today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.engine import fetch_frame, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import changes_since, previously_published
from pipelines.contracts.storage import write_table

DAY = date(2026, 3, 10)


class Lists:
    """A home with memberships of several days, some of which were published."""

    def __init__(self, root: Path) -> None:
        self.run = Run(DAY, Config(), Home(root), root)

    def decided(self, days_ago: int, exported: Iterable[str], held_out: Iterable[str] = (), *, is_published: bool = True) -> None:
        day = DAY - timedelta(days=days_ago)
        rows = [
            {"as_of": day, "segment_name": name, "customer_id": customer, "outcome": outcome}
            for name, customer, outcome in [
                *(("thanks", customer, "exported") for customer in exported),
                *(("thanks", customer, "held_out") for customer in held_out),
                ("other", "zoe", "exported"),
            ]
        ]
        table = TABLES["segment_memberships"]
        columns = {name: [row.get(name) for row in rows] for name in table.schema}
        frame = pl.DataFrame(columns, schema=table.schema)
        write_table(frame, table, self.run.home.table(table.name) / f"as_of={day}" / "part-0.parquet")
        if is_published:
            folder = self.run.home.segments(day) / "thanks"
            folder.mkdir(parents=True)
            (folder / "manifest.json").write_text("{}")

    def redirected(self, *pairs: tuple[str, str]) -> None:
        table = TABLES["identity_changes"]
        rows = [(DAY, "redirected", old, new, 1) for old, new in pairs]
        write_table(pl.DataFrame(rows, schema=table.schema, orient="row"), table, self.run.home.table(table.name) / "part-0.parquet")

    def changes(self) -> dict[str, tuple[str, str | None]]:
        """Customer -> change, listed id."""
        with open_engine(self.run, "test") as connection:
            rows = fetch_frame(connection, f"select * from {changes_since(self.run, 'thanks')}").rows()
        assert len({customer for customer, _, _ in rows}) == len(rows)
        return {customer: (change, listed) for customer, listed, change in rows}


@pytest.fixture
def lists(tmp_path: Path) -> Lists:
    return Lists(tmp_path)


def test_on_the_first_list_all_have_entered(lists: Lists) -> None:
    lists.decided(0, ["ann", "bob"], held_out=["cat"])
    assert lists.changes() == {"ann": ("entered", None), "bob": ("entered", None)}


def test_lists_are_compared_by_who_was_exported(lists: Lists) -> None:
    lists.decided(1, ["ann", "bob"], held_out=["dan"])
    lists.decided(0, ["ann", "dan"], held_out=["bob"])
    assert lists.changes() == {"ann": ("stayed", "ann"), "bob": ("left", "bob"), "dan": ("entered", None)}


def test_a_day_that_was_not_published_is_passed_over(lists: Lists) -> None:
    lists.decided(4, ["ann"])
    lists.decided(1, ["bob"], is_published=False)
    lists.decided(0, ["bob"], is_published=False)
    assert previously_published(lists.run, "thanks") == str(DAY - timedelta(days=4))
    assert lists.changes() == {"ann": ("left", "ann"), "bob": ("entered", None)}


def test_a_day_that_is_run_again_is_compared_with_the_days_before_it(lists: Lists) -> None:
    lists.decided(2, ["ann"])
    lists.decided(0, ["ann", "bob"])
    lists.decided(-3, ["cat"])
    assert lists.changes() == {"ann": ("stayed", "ann"), "bob": ("entered", None)}


def test_a_folder_that_a_killed_run_left_is_no_publication(lists: Lists) -> None:
    lists.decided(3, ["ann"])
    left = lists.run.home.segments(DAY - timedelta(days=1)).with_name(f".{DAY - timedelta(days=1)}.new") / "thanks"
    left.mkdir(parents=True)
    (left / "manifest.json").write_text("{}")
    assert previously_published(lists.run, "thanks") == str(DAY - timedelta(days=3))


def test_who_was_merged_stays_under_the_id_of_today(lists: Lists) -> None:
    lists.decided(1, ["old", "older", "gone"])
    lists.decided(0, ["ann"])
    lists.redirected(("older", "old"), ("old", "ann"), ("gone", "bob"))
    assert lists.changes() == {"ann": ("stayed", "old"), "bob": ("left", "gone")}
