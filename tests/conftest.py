"""What tests of several stages need: the prepared dbt manifest, real data where it is, a home of their own."""

from __future__ import annotations

import fcntl
import gc
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

from assets.cli.main import COLLECT_EVERY
from assets.manifest import prepared_manifest

ROOT = Path(__file__).resolve().parents[1]
MadeOnce = Callable[[str, Callable[[Path], None]], Path]

# the same examples in each run, and none that fails because the machine is busy
settings.register_profile("steady", deadline=None, derandomize=True, database=None)
settings.load_profile("steady")

# no test cuts the power, and a process that is killed loses nothing that it wrote: to wait for the disk is a fifth of their time
os.fsync, os.sync = (lambda _: None), (lambda: None)

gc.set_threshold(*COLLECT_EVERY)  # as the command does, for the same reason


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole runs first: begun last, the longest of them would leave one of two processes without work."""
    items.sort(key=lambda item: (item.path.name != "test_kill.py", item.path.parent.name != "end_to_end"))


@pytest.fixture(scope="session")
def dbt_manifest() -> Path:
    """The manifest that Dagster loads, of the models as they are now."""
    return prepared_manifest()


@pytest.fixture(scope="session")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> MadeOnce:
    """The folder of this name with what `make` puts into it: one test process makes it, the others wait. Read-only for tests."""
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own

    def made(name: str, make: Callable[[Path], None]) -> Path:
        folder = shared / name
        folder.mkdir(exist_ok=True)
        with (folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (folder / "finished").exists():
                make(folder)
                (folder / "finished").touch()
        return folder

    return made


@pytest.fixture(scope="session")
def real_data() -> Path:
    """Folder of real data sets beside the checkout; tests that need it skip where it is absent."""
    folder = ROOT.parent / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("real data sets are not beside the checkout (../shared/data)")
    return folder
