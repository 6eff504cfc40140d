"""Where earlier lists put a customer: first day, today's id, contamination; nothing of the day itself or later."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.segments import settle_assignments
from tests.segments.shop import DAY, Shop

Listed = tuple[int, str, str, str, str | None]  # days before DAY, segment, customer, outcome, arm


def settle(shop: Shop, listed: list[Listed], day: date = DAY) -> dict[tuple[str, str], tuple[Any, ...]]:
    """(segment, customer) -> outcome, arm, days before DAY, is_contaminated."""
    table = TABLES["segment_memberships"]
    rows = [
        (DAY - timedelta(days=back), segment, customer, arm, outcome, None, "sms", "marketing")
        for back, segment, customer, outcome, arm in listed
    ]
    for (of_day,), part in pl.DataFrame(rows, schema=table.schema, orient="row").partition_by("as_of", as_dict=True).items():
        path = shop.root / "lake" / table.name / f"as_of={of_day}" / "part-0.parquet"
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_parquet(path)
    settle_assignments(shop.run(day))
    frame = pl.read_parquet(shop.root / "lake" / "segment_assignments" / "part-0.parquet")
    assert frame.schema == TABLES["segment_assignments"].schema
    assert frame.rows() == sorted(frame.rows(), key=lambda row: row[:2])
    return {
        (row["segment_name"], row["customer_id"]): (row["outcome"], row["arm"], (DAY - row["assigned_on"]).days, row["is_contaminated"])
        for row in frame.to_dicts()
    }


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_the_first_night_knows_of_nobody(shop: Shop) -> None:
    assert settle(shop, []) == {}


def test_the_first_list_decides_and_later_ones_change_nothing(shop: Shop) -> None:
    listed: list[Listed] = [(back, "thanks", "ann", "exported", "a") for back in (1, 5, 9)]
    assert settle(shop, listed) == {("thanks", "ann"): ("exported", "a", 9, False)}


def test_lists_of_the_day_and_later_are_not_known(shop: Shop) -> None:
    listed: list[Listed] = [
        (0, "thanks", "ann", "exported", None),
        (-1, "thanks", "bob", "exported", None),
        (1, "thanks", "cat", "held_out", None),
    ]
    assert settle(shop, listed) == {("thanks", "cat"): ("held_out", None, 1, False)}


@pytest.mark.parametrize("outcome", ["unreachable", "no_consent", "suppressed", "over_cap", "lost_priority"])
def test_who_was_stopped_at_the_gate_was_not_in_the_test(shop: Shop, outcome: str) -> None:
    assert settle(shop, [(1, "thanks", "ann", outcome, None)]) == {}


def test_a_customer_has_a_place_in_each_segment(shop: Shop) -> None:
    listed: list[Listed] = [(1, "thanks", "ann", "exported", None), (2, "win_back", "ann", "held_out", None)]
    assert settle(shop, listed) == {("thanks", "ann"): ("exported", None, 1, False), ("win_back", "ann"): ("held_out", None, 2, False)}


def test_a_merge_keeps_the_earlier_place_and_tells_of_two(shop: Shop) -> None:
    shop.redirects = [("old", "mid"), ("mid", "ann")]
    listed: list[Listed] = [
        (3, "thanks", "ann", "exported", "b"),
        (5, "thanks", "old", "exported", "a"),
        (2, "thanks", "mid", "exported", "a"),
    ]
    assert settle(shop, listed) == {("thanks", "ann"): ("exported", "a", 5, True)}


def test_a_merge_of_two_who_stood_together_contaminates_nothing(shop: Shop) -> None:
    shop.redirects = [("old", "ann")]
    listed: list[Listed] = [(3, "thanks", "ann", "held_out", None), (5, "thanks", "old", "held_out", None)]
    assert settle(shop, listed) == {("thanks", "ann"): ("held_out", None, 5, False)}


def test_a_merge_on_one_day_has_one_answer(shop: Shop) -> None:
    shop.redirects = [("zoe", "ann")]
    listed: list[Listed] = [(4, "thanks", "zoe", "exported", "a"), (4, "thanks", "ann", "held_out", None)]
    assert settle(shop, listed) == settle(shop, listed[::-1]) == {("thanks", "ann"): ("held_out", None, 4, True)}


def test_who_was_held_out_and_then_written_to_is_contaminated(shop: Shop) -> None:
    """A smaller holdout in the definition does that, without any merge."""
    listed: list[Listed] = [(4, "thanks", "ann", "held_out", None), (1, "thanks", "ann", "exported", None)]
    assert settle(shop, listed) == {("thanks", "ann"): ("held_out", None, 4, True)}


def test_lists_that_an_older_version_stored_are_completed_and_count(shop: Shop) -> None:
    """A home that ran for a year goes on after an upgrade; a segment that is defined no more was of marketing, too."""
    now = settle(shop, [(1, "registered_without_order", "ann", "exported", None), (2, "gone", "bob", "held_out", None)])
    paths = sorted((shop.root / "lake" / "segment_memberships").glob("as_of=*/part-0.parquet"))
    before = [pl.read_parquet(path, hive_partitioning=False) for path in paths]
    for path, frame in zip(paths, before, strict=True):
        frame.drop("medium", "purpose").write_parquet(path)
    assert settle(shop, []) == now
    completed = pl.concat([pl.read_parquet(path, hive_partitioning=False) for path in paths])
    assert completed.schema == TABLES["segment_memberships"].schema
    assert dict(completed.select("segment_name", "medium").rows()) == {"registered_without_order": "email", "gone": "sms"}
    assert set(completed["purpose"]) == {"marketing"}
