"""Text messages, mailings, tickets and points as the simulator writes them: every row that was written is read."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import polars as pl
import pytest

from pipelines.channels import load_deliveries
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.simulate import OUTREACH_FORMATS, SimulationSpec, SimulationSummary, simulate
from tests.channels.canonical import broken_promises
from tests.channels.lake import frame, loads, unaccounted


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, SimulationSummary]:
    out = tmp_path_factory.mktemp("deliveries")
    spec = SimulationSpec(
        customers=150, days=60, seed=5, first_day=date(2026, 3, 1), formats=OUTREACH_FORMATS, deliver_every_days=7, daily_tail_days=3
    )
    summary = simulate(spec, out)
    home = Home(tmp_path_factory.mktemp("home"), out)
    assert load_deliveries(home, Config()).problems == ()
    return home, summary


def test_every_written_row_is_read(written: tuple[Home, SimulationSummary]) -> None:
    home, summary = written
    read = frame(home, "channel_loads").group_by("format_name").agg(pl.col("loaded_count").sum())
    assert dict(read.rows()) == dict(summary.rows)
    assert not any(unaccounted(row) for row in loads(home).values())


def test_each_row_becomes_one_fact(written: tuple[Home, SimulationSummary]) -> None:
    home, summary = written
    assert frame(home, "channel_sends").filter(channel="sms").height == summary.rows["sms_report_aliyun"]
    assert frame(home, "channel_tickets").height == summary.rows["zendesk_csv"]
    points = frame(home, "channel_points")
    assert points.height == points["points_key"].n_unique() == summary.rows["loyalty_points"]


def test_rows_keep_every_promise_of_the_stage(written: tuple[Home, SimulationSummary]) -> None:
    home, _ = written
    assert broken_promises(home) == []


def test_records_are_known_by_their_true_keys(written: tuple[Home, SimulationSummary]) -> None:
    home, _ = written
    truth = pl.read_parquet(home.deliveries / "truth" / "source_records.parquet")["source_record_key"]
    names = ("channel_contact_points", "channel_sends", "channel_tickets", "channel_points")
    assert set(pl.concat([frame(home, name)["source_record_key"] for name in names])) == set(truth)


def test_deliveries_are_dated_by_their_names(written: tuple[Home, SimulationSummary]) -> None:
    home, _ = written
    for folder in (path for path in Path(home.deliveries).iterdir() if path.name != "truth"):
        assert {row["exported_at"].date().isoformat() for name, row in loads(home).items() if name.startswith(folder.name)} <= {folder.name}
