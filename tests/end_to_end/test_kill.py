"""A process that dies at any moment loses nothing: the next run gives what an undisturbed one gives."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import SAMPLES, content_of_published
from tests.end_to_end.warm import WarmCommand

# the moment is a file that appears or a step that reports on stderr, so that no product code knows of this test
MOMENTS = [
    "path:lake/files/*",
    "path:lake/staging/*",
    "path:lake/loads/*.json",
    "path:lake/channel_loads/part-0.parquet",
    "path:lake/identity_members/part-0.parquet",
    "step:golden",
    "path:warehouse/warehouse.duckdb",
    "path:warehouse/marts.duckdb",
    "step:warehouse",
    "path:lake/segment_memberships/as_of=*/part-0.parquet",
    "path:published/.analytics.duckdb.new",
    "path:published/analytics.duckdb",
]


def _has_come(moment: str, home: Path, said: Path) -> bool:
    kind, what = moment.split(":", 1)
    return what in said.read_text() if kind == "step" else any(home.glob(what))


def _kill_at(moment: str, warm: WarmCommand, inbox: Path, home: Path) -> bool:
    """Start a run in `home`, kill it when the moment comes; false when it ended before."""
    begun = warm.begin("run", "--deliveries", inbox, "--home", home, "--force")
    while _is_alive(begun.process) and not _has_come(moment, home, begun.said):
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        os.kill(begun.process, signal.SIGKILL)
    return warm.end().returncode == -signal.SIGKILL


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def inbox(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The newest day of deliveries: every format that comes daily, and a run that is short enough to be killed a dozen times."""
    inbox = tmp_path_factory.mktemp("kill") / "inbox"
    day = max(path for path in SAMPLES.iterdir() if path.is_dir() and path.name != "truth")
    shutil.copytree(day, inbox / day.name)
    return inbox


def _finish(warm: WarmCommand, inbox: Path, home: Path) -> None:
    warm.begin("run", "--deliveries", inbox, "--home", home)
    finished = warm.end()
    assert finished.returncode == 0, finished.stderr


def test_stopped_run_says_so_and_publishes_nothing(warm: WarmCommand, inbox: Path, tmp_path: Path) -> None:
    begun = warm.begin("run", "--deliveries", inbox, "--home", tmp_path / "home")
    while _is_alive(begun.process) and not _has_come("step:identity done", tmp_path / "home", begun.said):
        time.sleep(0.002)
    os.kill(begun.process, signal.SIGTERM)
    stopped = warm.end()
    said = "cdp: stopped; what was published before is unchanged, the next run makes good what is half-done"
    assert (stopped.returncode, stopped.stderr.splitlines()[-1]) == (130, said)
    assert "Traceback" not in stopped.stderr
    assert not any((tmp_path / "home" / "published").glob("*"))


def test_killed_run_is_made_good_by_the_next(warm: WarmCommand, inbox: Path, tmp_path: Path) -> None:
    """One home is killed at every moment in turn, so each run starts from what the last one left half-done."""
    undisturbed, home = tmp_path / "undisturbed", tmp_path / "killed"
    _finish(warm, inbox, undisturbed)
    hits = [moment for moment in MOMENTS if _kill_at(moment, warm, inbox, home)]
    # a busy machine wakes the killer too late for some: the run has ended, and the moment counts for nothing
    assert len(hits) >= 7, hits
    _finish(warm, inbox, home)
    assert content_of_published(home) == content_of_published(undisturbed)
    assert not any(home.glob("lake/staging/*"))
