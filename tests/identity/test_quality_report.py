"""What `cdp quality` tells: measures beside those of the run before, and accuracy against a truth that was planted."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.identity import resolve_identity
from pipelines.identity.accuracy import read_truth, worst_clusters
from pipelines.identity.quality_report import judge_against, quality_of
from tests.identity.lake import DAY, SmallLake, later

PHONE = "13712345601"


def planted(folder: Path, *rows: tuple[str, str | None]) -> Path:
    """A truth of these records and people."""
    pl.DataFrame(rows, schema=["source_record_key", "person_id"], orient="row").write_parquet(folder / "source_records.parquet")
    return folder


def test_measures_stand_beside_those_of_the_run_before(lake: SmallLake) -> None:
    lake.add_points([("a:1", "phone", PHONE), ("b:1", "email", "b@shop.example")])
    resolve_identity(lake.run())
    lake.add_points([("b:1", "phone", PHONE), ("c:1", "phone", "13712345602")])
    next_day = later(60).date()
    resolve_identity(lake.run(next_day))
    quality = quality_of(lake.run(next_day), None)
    found = {(row.measure, row.item): (row.measured, row.before) for row in quality.measures}
    assert (quality.as_of, quality.before_on) == (next_day, DAY)
    assert found["customers", "all"] == (2, 2)
    assert found["source_records", "all"] == (3, 2)
    assert found["customers_by_source_records", "2"] == (1, None)
    assert found["links", "phone"] == (1, None)
    assert [(moved.as_of, moved.changed) for moved in quality.moved] == [(DAY, 0), (next_day, 1)]
    # a day in the past knows nothing of what came later
    first = quality_of(lake.run(next_day), DAY)
    assert (first.before_on, [row.measured for row in first.of("source_records")]) == (None, [2])


def test_what_is_gone_since_the_run_before_is_told(lake: SmallLake) -> None:
    """Two records alone become one customer of two: nobody is in the band of one any more."""
    lake.add_points([("a:1", "email", "a@shop.example"), ("b:1", "email", "b@shop.example")])
    resolve_identity(lake.run())
    lake.add_points([("a:1", "phone", PHONE), ("b:1", "phone", PHONE)])
    run = lake.run(later(60).date())
    resolve_identity(run)
    bands = {row.item: (row.measured, row.before) for row in quality_of(run, None).of("customers_by_source_records")}
    assert bands == {"1": (0, 2), "2": (1, None)}


def test_bands_are_in_the_order_of_their_sizes(lake: SmallLake) -> None:
    for size in (1, 2, 6, 12):
        phone = f"137123457{size:02d}"
        lake.add_points([(f"{chr(97 + n)}:{size}", "phone", phone) for n in range(size)])
    resolve_identity(lake.run())
    items = [row.item for row in quality_of(lake.run(), None).of("customers_by_source_records")]
    assert items == ["1", "2", "6 to 10", "11 to 20"]


def test_day_without_a_run_is_refused(lake: SmallLake) -> None:
    with pytest.raises(ConfigurationError, match="nothing was measured on 2026-05-01"):
        quality_of(lake.run(), None)


def test_customers_are_held_against_the_truth(lake: SmallLake, tmp_path: Path) -> None:
    """Joined: a1 b1 (right), a2 b2 (two people). Not joined: a3 b3, one person. And a4, of whom the exports name two."""
    lake.add_points([(f"{side}:{n}", "phone", f"1371234561{n}") for side in "ab" for n in (1, 2)])
    lake.add_points([("a:3", "email", "a@shop.example"), ("b:3", "email", "b@shop.example"), ("a:4", "phone", "13712345611")])
    resolve_identity(lake.run())
    truth = planted(
        tmp_path,
        *(("a:1", "P1"), ("b:1", "P1"), ("a:2", "P2"), ("b:2", "P3"), ("a:3", "P4"), ("b:3", "P4"), ("a:4", "P1"), ("a:4", "P9")),
        *(("segment:anon/x", "P1"), ("z:1", None), ("z:2", "P5")),
    )
    judgment = judge_against(lake.run(), truth, None, 5)
    assert (judgment.records, judgment.wrong_customers) == (6, 1)
    assert (judgment.accuracy.precision, judgment.accuracy.recall) == (0.5, 0.5)
    [worst] = judgment.worst
    assert (worst.people, worst.records, worst.wrong_pairs) == (2, 2, 1)
    assert worst.source_record_keys == [["a:2***"], ["b:2***"]]
    assert judge_against(lake.run(), truth, None, 5, reveal=True).worst[0].source_record_keys == [["a:2"], ["b:2"]]


def test_worst_clusters_mix_most_pairs(tmp_path: Path) -> None:
    rows = [("x", "1")] * 5 + [("x", "2")] + [("y", "1")] * 3 + [("y", "2")] * 3 + [("z", "3")] * 9
    found = worst_clusters(pl.DataFrame(rows, schema=["cluster_id", "truth"], orient="row"), 5)
    assert found.select("cluster_id", "people", "records", "wrong_pairs").rows() == [("y", 2, 6, 9), ("x", 2, 6, 5)]


@pytest.mark.parametrize("is_there", [False, True])
def test_truth_that_cannot_be_read_is_refused(tmp_path: Path, *, is_there: bool) -> None:
    if is_there:
        pl.DataFrame({"key": ["13712345601"]}).write_parquet(tmp_path / "source_records.parquet")
    with pytest.raises(ConfigurationError, match="no truth can be read") as refused:
        read_truth(tmp_path)
    assert "13712345601" not in str(refused.value)


def test_truth_of_other_deliveries_is_refused(lake: SmallLake, tmp_path: Path) -> None:
    lake.add_points([("a:1", "phone", PHONE)])
    resolve_identity(lake.run())
    with pytest.raises(ConfigurationError, match="knows none of the records"):
        judge_against(lake.run(), planted(tmp_path, ("q:1", "P1")), None, 5)
