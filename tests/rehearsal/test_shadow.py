"""A shadow begins as the lake is, keeps what a run writes to itself, and leaves nothing, however it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pipelines.contracts.home import Home
from pipelines.contracts.storage import replacing
from pipelines.rehearsal import remove_left_shadows, shadow_of

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    for name, content in {
        "channel_orders/load=1/part-0.parquet": "orders",
        "segment_memberships/as_of=2026-05-01/part-0.parquet": "lists",
        "identity_current/part-0.parquet": "people",
        "loads/1.json": "{}",
        "files/1.gz": "delivered",
        "staging/identity/spill": "scratch",
    }.items():
        path = home.lake / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
    return home


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_shadow_is_the_lake_without_delivered_files_and_scratch(home: Home) -> None:
    with shadow_of(home) as shadow:
        found = content(shadow.lake)
        assert shadow.root.parent == home.rehearsals
    left_out = {"files/1.gz", "staging/identity/spill"}
    assert found == {name: value for name, value in content(home.lake).items() if name not in left_out}


def test_what_each_side_writes_the_other_does_not_see(home: Home) -> None:
    def write(side: Home, text: str) -> None:
        with replacing(side.table("identity_current") / "part-0.parquet") as path:
            path.write_text(text)

    before = content(home.root)
    with shadow_of(home) as shadow:
        write(shadow, "other people")
        assert (home.table("identity_current") / "part-0.parquet").read_text() == "people"
        write(home, "tonight's people")
        assert (shadow.table("identity_current") / "part-0.parquet").read_text() == "other people"
        write(home, "people")
    assert content(home.root) == before


def test_nothing_is_left_after_a_failure(home: Home) -> None:
    before = content(home.root)
    with pytest.raises(ValueError, match="broken"), shadow_of(home) as shadow:
        (shadow.lake / "more").write_text("x")
        raise ValueError("broken")
    assert content(home.root) == before
    assert not home.rehearsals.exists()


def test_two_rehearsals_at_once_do_not_remove_each_other(home: Home) -> None:
    with shadow_of(home) as one:
        with shadow_of(home) as other:
            remove_left_shadows(home)
            assert one.lake.is_dir()
            assert other.lake.is_dir()
        assert one.lake.is_dir()


def test_what_a_killed_rehearsal_left_goes_with_the_next_start(home: Home) -> None:
    program = (
        "import sys, time; from pathlib import Path; from pipelines.contracts.home import Home; from pipelines.rehearsal import shadow_of\n"
        "with shadow_of(Home(Path(sys.argv[1]))):\n    print('in', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", program, home.root], cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "in\n"
        remove_left_shadows(home)
        assert list(home.rehearsals.iterdir()), "its process lives"
        os.kill(process.pid, signal.SIGKILL)
    assert list(home.rehearsals.iterdir())
    remove_left_shadows(home)
    assert not home.rehearsals.exists()


def test_disk_without_hard_links_gets_copies(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    with shadow_of(home) as shadow:
        assert (shadow.table("identity_current") / "part-0.parquet").read_text() == "people"
