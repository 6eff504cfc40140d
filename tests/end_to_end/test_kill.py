"""A process that dies at any moment loses nothing: the next run gives what an undisturbed one gives."""

from __future__ import annotations

import shutil
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.end_to_end.conftest import COMMAND, ROOT, SAMPLES, content_of_published, environment

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


def _kill_at(moment: str, run: list[str], home: Path) -> bool:
    """Start a run in `home`, kill it when the moment comes; false when it ended before."""
    kind, what = moment.split(":", 1)
    process = subprocess.Popen(
        [*run, "--home", str(home), "--force"],
        cwd=ROOT, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stderr is not None
    if kind == "step":
        for line in process.stderr:
            if what in line:
                break
    else:
        while process.poll() is None and not any(home.glob(what)):
            time.sleep(0.002)
    was_running = process.poll() is None
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stderr.close()
    return was_running


@pytest.fixture(scope="module")
def run(dbt_manifest: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The command on three days of deliveries: every format, and a run that is short enough to be killed a dozen times."""
    inbox = tmp_path_factory.mktemp("kill") / "inbox"
    for day in sorted(path for path in SAMPLES.iterdir() if path.is_dir() and path.name != "truth")[-3:]:
        shutil.copytree(day, inbox / day.name)
    return [*COMMAND, "run", "--deliveries", str(inbox)]


def _finish(run: list[str], home: Path) -> None:
    finished = subprocess.run([*run, "--home", str(home)], cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr


def test_killed_run_is_made_good_by_the_next(run: list[str], tmp_path: Path) -> None:
    """One home is killed at every moment in turn, so each run starts from what the last one left half-done."""
    undisturbed, home = tmp_path / "undisturbed", tmp_path / "killed"
    _finish(run, undisturbed)
    hits = [moment for moment in MOMENTS if _kill_at(moment, run, home)]
    assert len(hits) >= 10, hits
    _finish(run, home)
    assert content_of_published(home) == content_of_published(undisturbed)
    assert not any(home.glob("lake/staging/*"))
