"""The event log that stays open: Dagster's own reads what it wrote, and nothing stays open for ever."""

from __future__ import annotations

import threading
from pathlib import Path

import dagster as dg
import pytest
from dagster._core.storage.event_log import SqliteEventLogStorage

from assets.cli.run import prepare_dagster_home
from assets.event_log import OpenEventLog


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Dagster home as the command makes it."""
    monkeypatch.setenv("DAGSTER_HOME", str(tmp_path / "dagster"))
    prepare_dagster_home(tmp_path / "dagster")
    return tmp_path / "dagster"


@dg.asset
def number() -> dg.MaterializeResult[None]:
    return dg.MaterializeResult(metadata={"value": 1})


@dg.asset_check(asset=number)
def is_one() -> dg.AssetCheckResult:
    return dg.AssetCheckResult(passed=True)


def run() -> tuple[str, int]:
    """Run the asset and its check; id of the run, number of its events as the instance that ran it sees them."""
    with dg.DagsterInstance.get() as instance:
        result = dg.materialize([number, is_one], instance=instance)
        return result.run_id, len(instance.all_logs(result.run_id))


def open_databases() -> list[str]:
    return sorted(path.readlink().name for path in Path("/proc/self/fd").iterdir() if path.exists() and path.readlink().suffix == ".db")


def test_home_of_the_command_uses_it(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        assert isinstance(instance.event_log_storage, OpenEventLog)


def test_what_it_wrote_is_there_for_the_event_log_of_dagster(home: Path) -> None:
    identifier, count = run()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    with dg.DagsterInstance.get() as instance:
        assert type(instance.event_log_storage) is SqliteEventLogStorage
        assert len(instance.all_logs(identifier)) == count > 10
        materialized = instance.get_latest_materialization_event(number.key)
        assert materialized is not None
        assert materialized.run_id == identifier
        [check] = instance.event_log_storage.get_asset_check_execution_history(next(iter(is_one.check_keys)), limit=5)
        assert check.run_id == identifier


def test_history_that_dagster_wrote_before_goes_on(home: Path) -> None:
    ours = (home / "dagster.yaml").read_text()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\n")
    before, _ = run()
    (home / "dagster.yaml").write_text(ours)
    after, _ = run()
    with dg.DagsterInstance.get() as instance:
        found = instance.fetch_materializations(number.key, limit=5)
        assert [record.run_id for record in found.records] == [after, before]


def test_another_process_sees_an_event_as_soon_as_it_is_stored(home: Path) -> None:
    """The web server follows a run that is at work; a second instance stands for it here."""
    with dg.DagsterInstance.get() as writer, dg.DagsterInstance.get() as reader:
        writer.report_engine_event("begun", job_name="job", run_id="r")
        assert [entry.message for entry in reader.all_logs("r")] == ["begun"]
        writer.report_engine_event("and on", job_name="job", run_id="r")
        assert len(reader.all_logs("r")) == 2


def test_two_databases_stay_open_however_many_runs_are_read_and_none_after_the_end(home: Path) -> None:
    before = open_databases()
    with dg.DagsterInstance.get() as instance:
        for number_of_run in range(20):
            instance.report_engine_event("begun", job_name="job", run_id=f"r{number_of_run}")
        instance.event_log_storage.get_asset_records()
        kept = [name for name in open_databases() if name not in before]
        assert set(kept) == {"index.db", "r19.db"}
    assert open_databases() == before


def test_threads_share_it(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:

        def report(thread: int) -> None:
            for _ in range(10):
                instance.report_engine_event("at work", job_name="job", run_id=f"r{thread}")

        threads = [threading.Thread(target=report, args=(thread,)) for thread in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [len(instance.all_logs(f"r{thread}")) for thread in range(4)] == [10] * 4


def test_what_was_wiped_is_made_again(home: Path) -> None:
    with dg.DagsterInstance.get() as instance:
        instance.report_engine_event("before", job_name="job", run_id="r")
        instance.event_log_storage.wipe()
        instance.report_engine_event("after", job_name="job", run_id="r")
        assert [entry.message for entry in instance.all_logs("r")] == ["after"]
