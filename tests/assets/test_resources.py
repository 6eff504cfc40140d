"""The home resource: where things are, and one run at a time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import dagster as dg
import pytest

from assets.resources import HomeResource, only_run
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.home import Home


def test_second_run_in_one_home_is_told_who_holds_it(tmp_path: Path) -> None:
    with only_run(Home(tmp_path)):
        with pytest.raises(CdpError, match=r"another run is at work here \(process \d+\)") as caught, only_run(Home(tmp_path)):
            pass
        assert caught.value.exit_code == 4


def test_lock_is_free_again_after_a_run_that_failed(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), only_run(Home(tmp_path)):
        _ = 1 / 0
    with only_run(Home(tmp_path)):
        assert (tmp_path / "run.lock").exists()


def test_home_below_a_file_is_named_in_the_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigurationError, match="cannot be written"), only_run(Home(tmp_path / "file" / "home")):
        pass


def test_environment_is_read_when_the_run_begins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    resource = HomeResource()
    monkeypatch.setenv("CDP_HOME", str(tmp_path))
    assert resource.home().root == tmp_path


def test_config_of_the_home_wins_over_that_of_the_project(tmp_path: Path) -> None:
    (tmp_path / "cdp.yaml").write_text("business_time_zone: Europe/London\n")
    assert HomeResource(root=str(tmp_path)).config().business_time_zone == "Europe/London"


def test_run_takes_the_reference_rows_of_the_configuration(tmp_path: Path) -> None:
    (tmp_path / "cdp.yaml").write_text("reference_folder: mine\n")
    run = HomeResource(root=str(tmp_path)).run("2026-10-31")
    assert (run.as_of, run.reference) == (date(2026, 10, 31), tmp_path / "mine")


def test_a_scheduled_job_does_not_publish_somebody_who_is_half_erased(tmp_path: Path) -> None:
    """`cdp run` may, because it clears before its jobs; what Dagster starts itself says which command finishes the erasure."""
    scheduled, commanded = HomeResource(root=str(tmp_path)), HomeResource(root=str(tmp_path), finishes_erasures=True)
    journal = Home(tmp_path).erasures / "e_0123456789ab.pending.json"
    journal.parent.mkdir()
    journal.write_text("{}")
    with dg.build_resources({"home": commanded}):
        pass
    with pytest.raises(dg.DagsterResourceFunctionError) as caught, dg.build_resources({"home": scheduled}):
        pass
    assert isinstance(caught.value.__cause__, CdpError)
    assert "e_0123456789ab" in str(caught.value.__cause__)
    assert "`cdp forget`" in str(caught.value.__cause__)
    journal.unlink()
    with dg.build_resources({"home": scheduled}):
        pass
