"""`cdp run`: what is to be read again is read before the run is named, because the name says what was read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from assets.cli import run as command
from assets.records import run_id, run_inputs, write_record
from assets.resources import HomeResource
from pipelines.channels import load_deliveries
from pipelines.contracts.home import Home
from tests.channels import samples
from tests.channels.lake import home_with, loads

CONTRACT = (
    "format: till\nchannel: till\ntitle: t\ngrain: g\ndetect: [no, way]\n"
    "fields:\n  no: {{column: no, required: true}}\n  way: {{column: way, type: vocabulary, values: {words}}}\n"
    "tables: {{channel_stores: {{columns: {{store_key: no, store_id_channel: no, region: way}}}}}}\n"
)


@pytest.fixture
def jobs(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[str]:
    """The jobs that were executed: their loading is done, the rest is taken as published."""
    done: list[str] = []

    def execute(job: str, home: HomeResource, _: Any, partition: str | None) -> None:
        done.append(job)
        load_deliveries(home.home(), home.config())
        if partition is not None:
            inputs = run_inputs(home.run(partition))
            write_record(home.home(), run_id(inputs), inputs)

    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    monkeypatch.setattr(command, "_execute", execute)
    monkeypatch.setattr(command, "verify_publication", lambda *_: [])
    return done


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n2,B\n", "2026-03-07/orders.csv": samples.taobao()})
    (tmp_path / "formats").mkdir()
    (home.root / "cdp.yaml").write_text("channels: {formats_folders: [../formats]}\n")
    return home


def mend(home: Home, words: str) -> None:
    (home.root.parent / "formats" / "till.yaml").write_text(CONTRACT.format(words=words))


def run(home: Home) -> bool:
    """Run; true when there was something new."""
    return command.run_job(home.root, None, None, None, force=False).is_new


def test_what_a_mended_contract_can_read_is_read_before_the_run_is_named(home: Home, jobs: list[str]) -> None:
    """The accident: a run that reads more than it was named for ends without a record of its own."""
    mend(home, "{A: north}")
    assert (run(home), jobs) == (True, ["load_deliveries", "refresh_daily"])
    assert (run(home), len(jobs)) == (False, 2), "nothing new"
    for name in loads(home):
        (home.deliveries / name).unlink()
    mend(home, "{A: north, B: south}")
    assert (run(home), jobs[2:]) == (True, ["load_deliveries", "refresh_daily"])
    assert loads(home)["a.csv"]["quarantined_count"] == 0
    assert (run(home), len(jobs)) == (False, 4)


def test_refused_file_that_can_be_read_now_does_not_rename_the_run(home: Home, jobs: list[str]) -> None:
    run(home)
    assert loads(home)["a.csv"]["outcome"] == "refused"
    mend(home, "{A: north, B: south}")
    assert run(home)
    assert loads(home)["a.csv"]["outcome"] == "loaded"
    assert not run(home)
    assert jobs == ["load_deliveries", "refresh_daily"] * 2


def test_replacement_that_was_interrupted_is_finished_first(home: Home, jobs: list[str]) -> None:
    run(home)
    (home.lake / "replacing" / "0123456789abcdef").mkdir(parents=True)
    assert not run(home)
    assert jobs[2:] == ["load_deliveries"]
    assert not any((home.lake / "replacing").iterdir())
