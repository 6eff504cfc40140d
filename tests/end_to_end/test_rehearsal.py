"""A diff on the sample says what two whole runs differ in, counted row by row over what they published, and leaves the home alone."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from assets import project
from assets.cli.corrections import Answer, unmerge
from assets.cli.diff import print_diff
from assets.cli.run import Outcome
from pipelines.contracts.home import Home
from pipelines.rehearsal import members
from tests.end_to_end.conftest import SAMPLES, query
from tests.rehearsal.two_runs import Side, brute_force

NEW = "identity: {max_names_per_value: 1}\nrfm: {high_value_from_total: 13}\nsegments: {cap_messages: 0}\n"


def content(folder: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def published(home: Path) -> Side:
    """What a run published, and who is who in its lake."""
    lake = home / "lake"
    records = dict(pl.read_parquet(lake / "identity_current" / "*.parquet").select("source_record_key", "customer_id").iter_rows())
    moves = pl.read_parquet(lake / "channel_points" / "load=*" / "*.parquet").unique("points_key")
    points = moves.select("points_key", "source_record_key", "points_delta").iter_rows()
    orders = query(home, "select 'order', order_key, customer_id, if(is_purchase, net_amount, 0) from fct_orders")
    sends = query(home, "select 'send', send_key, customer_id, 1 from fct_sends")
    kpis = "metric, period_grain, period_start, dimension, dimension_value, numerator, denominator, value, unit"
    return Side(
        records,
        [*orders, *sends, *(("points", key, records.get(record), delta) for key, record, delta in points)],
        query(home, "select customer_id, preset, rfm_tier, monetary_amount from customer_rfm"),
        query(home, f"select {kpis} from kpi"),
        query(home, "select segment_name, customer_id, outcome from segment_memberships where as_of = (select as_of from about)"),
    )


@pytest.fixture
def reported(sample_home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.delenv("CDP_HOME", raising=False)
    (tmp_path / "new.yaml").write_text(NEW)
    before = content(sample_home)
    print_diff(sample_home, tmp_path / "new.yaml", None, examples=1000, as_json=True)
    assert content(sample_home) == before, "the home is as it was"
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def assert_equal(found: dict[str, Any], expected: dict[str, Any]) -> None:
    """A report in JSON says what counting row by row gave."""
    counts = {name: count for name, count in expected["customers"].items() if isinstance(count, int)}
    assert {name: found["customers"][name] for name in counts} == counts
    assert {row.pop("segment_name"): tuple(row.values()) for row in found["segments"]} == expected["segments"]
    tiers = {(row.pop("preset"), row.pop("rfm_tier")): tuple(map(str, row.values())) for row in found["tiers"]}
    assert tiers == {key: tuple(map(str, row)) for key, row in expected["tiers"].items()}
    assert len(found["kpis"]) == len(expected["kpis"])
    for name in ("orders", "sends", "points"):
        assert (found[name]["count"], Decimal(found[name]["amount"])) == expected[name]
    assert (found["money"]["people"], Decimal(found["money"]["absolute_amount"])) == expected["money"]


def test_diff_is_what_two_runs_differ_in(
    reported: dict[str, Any], sample_home: Path, tmp_path: Path, run_in_process: Callable[..., Outcome]
) -> None:
    home = Path(shutil.copytree(sample_home, tmp_path / "home"))
    run_in_process(home, SAMPLES, config=tmp_path / "new.yaml")
    assert reported["against_run_id"] is not None
    assert reported["differences"]["customers"]["splits"] > 0
    assert reported["differences"]["kpis"]
    expected = brute_force(published(sample_home), published(home))
    assert_equal(reported["differences"], expected)
    for kind in ("merge_examples", "split_examples", "renamed_examples"):
        assert {one: set(others) for one, others in reported["differences"]["customers"][kind]} == expected["customers"][kind]


def test_unmerge_is_what_a_rebuild_from_raw_does(
    sample_home: Path,
    tmp_path: Path,
    run_in_process: Callable[..., Outcome],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    reference = Path(shutil.copytree(project.REFERENCE, tmp_path / "reference"))
    monkeypatch.setattr(project, "REFERENCE", reference)
    before = published(sample_home)
    orders, sizes = Counter(owner for kind, _, owner, _ in before.facts if kind == "order" and owner), Counter(before.records.values())
    customer = min((one for one in sizes if sizes[one] > 3), key=lambda one: (-orders[one], one))
    parted = set(members(Home(sample_home), customer)[:2])
    unmerge(sample_home, None, customer, ["1", "2"], Answer("lee", "two sisters", True), clear=True, as_json=True)
    report = json.loads(capsys.readouterr().out)
    assert report["against_run_id"] is not None
    rest = {record for record, holder in before.records.items() if holder == customer} - parted
    run_in_process(tmp_path / "rebuilt", SAMPLES)
    after = published(tmp_path / "rebuilt")
    assert not {after.records[record] for record in parted} & {after.records[record] for record in rest}
    assert report["differences"]["orders"]["count"] > 0
    assert_equal(report["differences"], brute_force(before, after))
