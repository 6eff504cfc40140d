"""Lists of an hour: a folder of their own, written down before they are in their place; nothing else that is published moves."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.hours import Hour
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import decided_path
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS
from pipelines.contracts.segments import Definitions
from pipelines.contracts.storage import write_table
from pipelines.ledger import published_entries
from pipelines.publish import PublishReport, erase_from_published, newest_published_day, publish_hour, verify_publication
from tests.publish.shop import DAY, SMS, content, made, publish_it

DESTINATIONS = {
    "sender": {"kind": "sms_csv", "segments": ["win_back"], "deliver_to": []},
    "mails": {"kind": "klaviyo", "segments": ["thanks"], "deliver_to": []},  # of nights alone
}


@pytest.fixture
def hour(tmp_path: Path) -> Run:
    """The hour of ten o'clock after the night of DAY, which is published: `c_2` has left the list, `c_3` come."""
    night = made(tmp_path)
    publish_it(night)
    config = Config.model_validate({"publish": {"destinations": DESTINATIONS}})
    at = night.as_of_end_at + timedelta(hours=10)
    run = replace(night, as_of=DAY + timedelta(days=1), config=config, hour=Hour(at, DAY))
    rows = [
        {"list_name": run.moment, "listed_at": at, "night_on": DAY, "as_of": run.as_of, "segment_name": "win_back", "customer_id": name,
         "outcome": "exported", "medium": "sms", "purpose": "marketing"}
        for name in ("c_1", "c_3", "c_4")
    ]  # fmt: skip
    columns = {name: [row.get(name) for row in rows] for name in HOURLY_MEMBERSHIPS.column_names}
    write_table(pl.DataFrame(columns, schema=HOURLY_MEMBERSHIPS.schema), HOURLY_MEMBERSHIPS, decided_path(run))
    return run


def publish_now(run: Run) -> tuple[PublishReport, list[str]]:
    """The report, and what was written down of it while the lists were not in their place."""
    noted: list[str] = []

    def note(report: PublishReport, lists: Path) -> None:
        assert not run.home.segments(run.moment).exists()
        noted.extend(entry.what for entry in published_entries(run.home, run.as_of, "h1", report.files, lists))

    return publish_hour(run, "h1", Definitions((SMS,)), "v1", ["l1"], note), noted


def test_an_hour_has_a_folder_of_its_own_and_moves_nothing_else(hour: Run) -> None:
    before = content(hour.home)
    report, noted = publish_now(hour)
    added = {name: data for name, data in content(hour.home).items() if name not in before}
    assert {name: data for name, data in content(hour.home).items() if name in before} == before
    folder = "published/segments/2026-03-11T1000/win_back"
    assert (
        set(added)
        == set(report.files)
        == {f"{folder}/{name}" for name in ("list.csv", "added.csv", "removed.csv", "sender.csv", "manifest.json")}
    )
    assert noted == sorted(set(added) - {f"{folder}/manifest.json"})
    assert newest_published_day(hour.home) == DAY
    assert verify_publication(hour.home, {"as_of": str(hour.as_of), "hour": hour.moment, "files": report.files}) == []


def test_its_manifest_tells_the_instant_the_night_and_the_list_before(hour: Run) -> None:
    publish_now(hour)
    folder = hour.home.segments(hour.moment) / "win_back"
    manifest = json.loads((folder / "manifest.json").read_bytes())
    assert (manifest["hour"], manifest["at"], manifest["night"]) == ("2026-03-11T1000", "2026-03-11T02:00:00+00:00", str(DAY))
    assert (manifest["as_of"], manifest["since"]) == ("2026-03-11", str(DAY))
    changes = {name: pl.read_csv(folder / name)["customer_id"].to_list() for name in ("added.csv", "removed.csv")}
    assert changes == {"added.csv": ["c_3"], "removed.csv": ["c_2"]}


def test_the_same_hour_is_the_same_bytes(hour: Run) -> None:
    publish_now(hour)
    before = content(hour.home)
    publish_hour(hour, "h1", Definitions((SMS,)), "v1", ["l1"], lambda _report, _lists: None)
    assert content(hour.home) == before


def test_what_cannot_be_written_down_does_not_leave(hour: Run) -> None:
    before = content(hour.home)

    def full(_report: PublishReport, _lists: Path) -> None:
        raise OSError(28, "No space left on device")

    with pytest.raises(Exception, match="No space left"):
        publish_hour(hour, "h1", Definitions((SMS,)), "v1", ["l1"], full)
    assert content(hour.home) == before


def test_who_is_forgotten_is_taken_out_of_hours_too(hour: Run) -> None:
    report, _ = publish_now(hour)
    record = {"run_id": "h1", "as_of": str(hour.as_of), "hour": hour.moment, "files": dict(report.files)}
    hour.home.hours.mkdir(parents=True)
    (hour.home.hours / "h1.json").write_text(json.dumps(record))
    erase_from_published(hour.home, ["c_1"], ["+8613800000001"])
    assert not any(b"c_1" in data or b"13800000001" in data for name, data in content(hour.home).items() if hour.moment in name)
    told = json.loads((hour.home.hours / "h1.json").read_bytes())
    assert verify_publication(hour.home, told) == []
