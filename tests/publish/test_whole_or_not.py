"""Publishing is whole or not at all: failures, crashes and leftovers, and whether a publication is still intact."""

from __future__ import annotations

import errno
import hashlib
import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError
from pipelines.contracts.run import Run
from pipelines.contracts.settings.publishing import PublishConfig
from pipelines.publish import analytics as analytics_module
from pipelines.publish import lists as lists_module
from pipelines.publish import uploads as uploads_module
from pipelines.publish import verify_publication
from tests.publish import shop
from tests.publish.shop import DAY, content, made, publish_it, tables

DESTINATIONS = {name: {"kind": "list_xlsx", "segments": ["win_back"]} for name in ("first_book", "second_book")}


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made(tmp_path)


@pytest.mark.parametrize("moment", ["copy", "database", "report", "first list", "second list", "destination", "rename of lists"])
def test_failure_at_any_moment_leaves_the_old_publication(run: Run, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = replace(run, config=Config(publish=PublishConfig.model_validate({"destinations": DESTINATIONS})))
    publish_it(run)
    before = content(run.home)
    full = OSError(errno.ENOSPC, "No space left on device", "somewhere")
    calls = {"count": 0}

    def fail(*arguments: Any, **named: Any) -> Any:
        raise full

    def fail_second(*arguments: Any, **named: Any) -> Any:
        calls["count"] += 1
        if calls["count"] == 2:
            raise full
        return original(*arguments, **named)

    original = lists_module._write_list
    if moment == "copy":
        monkeypatch.setattr(shutil, "copyfile", fail)
    elif moment == "database":
        monkeypatch.setattr(analytics_module, "_check", fail)
    elif moment == "report":
        monkeypatch.setattr(shop, "write_page", fail)
    elif moment == "first list":
        monkeypatch.setattr(lists_module, "write_json", fail)
    elif moment == "second list":
        monkeypatch.setattr(lists_module, "_write_list", fail_second)
    elif moment == "destination":
        original = uploads_module.write_private
        monkeypatch.setattr(uploads_module, "write_private", fail_second)
    else:
        monkeypatch.setattr(lists_module, "sync_folder", fail)
    with pytest.raises(CdpError, match=r"No space left on device.*what was published before is unchanged"):
        publish_it(run, "r2")
    assert content(run.home) == before
    assert verify_publication(run.home, record(run)) == []


def test_crash_between_the_two_renames_is_healed_by_running_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_it(run)
    real = Path.replace

    def die(self: Path, target: Path) -> Path:
        if Path(target).name == "analytics.duckdb":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        publish_it(run, "r2")
    monkeypatch.undo()
    assert tables(run.home.analytics)["about"][0][1] == "r1"
    publish_it(run, "r2")
    assert tables(run.home.analytics)["about"][0][1] == "r2"
    assert {path.name for path in run.home.published.iterdir()} == {"analytics.duckdb", "reports", "segments"}


def test_leftovers_of_a_killed_run_do_no_harm(run: Run) -> None:
    publish_it(run)
    (run.home.published / ".analytics.duckdb.new").write_bytes(b"half")
    (run.home.published / ".analytics.duckdb.new.wal").write_bytes(b"half a log")
    run.home.segments(DAY).rename(run.home.segments(DAY).with_name(f".{DAY}.old"))
    publish_it(run, "r2")
    assert tables(run.home.analytics)["about"][0][1] == "r2"
    assert {path.name for path in run.home.published.iterdir()} == {"analytics.duckdb", "reports", "segments"}
    assert {path.name for path in run.home.segments(DAY).parent.iterdir()} == {str(DAY)}


def test_marts_whose_log_is_not_yet_in_the_file_are_published_whole(run: Run) -> None:
    with duckdb.connect(str(run.home.marts)) as writer:
        writer.execute("set checkpoint_threshold = '1GB'")
        writer.execute("pragma disable_checkpoint_on_shutdown")
        writer.execute("create table late as select 1 as one")
    assert run.home.marts.with_name("marts.duckdb.wal").exists()
    publish_it(run)
    assert tables(run.home.analytics)["late"] == [(1,)]
    assert not run.home.published.joinpath(".analytics.duckdb.new.wal").exists()


def record(run: Run) -> dict[str, Any]:
    """The run record as the job would have written it for what is published now."""
    files = {name: hashlib.sha256(data).hexdigest() for name, data in content(run.home).items()}
    return {"as_of": run.as_of.isoformat(), "files": files}


def test_publication_is_intact_until_a_file_changes(run: Run) -> None:
    report = publish_it(run)
    kept = {"as_of": "2026-03-10", **json.loads(json.dumps(report.as_record()))}
    assert verify_publication(run.home, kept) == []
    assert set(kept["files"]) == set(content(run.home))
    folder = run.home.segments(DAY) / "win_back"
    (folder / "list.csv").write_bytes(b"other")
    (folder / "manifest.json").unlink()
    (folder / "notes.txt").write_text("mine")
    run.home.analytics.unlink()
    assert verify_publication(run.home, kept) == [
        "published/analytics.duckdb is missing",
        "published/segments/2026-03-10/win_back/list.csv was changed",
        "published/segments/2026-03-10/win_back/manifest.json is missing",
        "published/segments/2026-03-10/win_back/notes.txt was added",
    ]


def test_folder_that_cannot_be_written_is_an_error_for_people(run: Run) -> None:
    run.home.published.parent.mkdir(parents=True, exist_ok=True)
    run.home.published.write_text("a file where a folder should be")
    with pytest.raises(CdpError, match="cannot publish"):
        publish_it(run)
