"""A process that dies at any moment loses nothing: the next run gives what an undisturbed one gives."""

from __future__ import annotations

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
    "step:run_settings",
    "path:lake/identity_contact_points/part-0.parquet",
    "path:lake/identity_members/part-0.parquet",
    "step:golden",
    "path:warehouse/warehouse.duckdb",
    "path:warehouse/marts.duckdb",
    "step:warehouse",
    "path:lake/segment_memberships/as_of=*/part-0.parquet",
    "path:published/segments/*",
    "path:published/.analytics.duckdb.new",
    "path:published/analytics.duckdb",
]


def _kill_at(moment: str, home: Path) -> bool:
    """Start a run in `home`, kill it when the moment comes; false when it ended before."""
    kind, what = moment.split(":", 1)
    process = subprocess.Popen(
        [*COMMAND, "run", "--home", str(home), "--deliveries", str(SAMPLES), "--force"],
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


@pytest.mark.slow
def test_killed_run_is_made_good_by_the_next(sample_home: Path, tmp_path: Path) -> None:
    """One home is killed at every moment in turn, so each run starts from what the last one left half-done."""
    home = tmp_path / "home"
    hits = [moment for moment in MOMENTS if _kill_at(moment, home)]
    assert len(hits) >= 10, hits
    command = [*COMMAND, "run", "--home", str(home), "--deliveries", str(SAMPLES)]
    finished = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True)
    assert finished.returncode == 0, finished.stderr
    assert content_of_published(home) == content_of_published(sample_home)
    assert not any(home.glob("lake/staging/*"))
