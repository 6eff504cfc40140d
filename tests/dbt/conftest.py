"""The models of a test: built by dbt with all its tests, or from their SQL, which takes a tenth of the time."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from tests.conftest import MadeOnce
from tests.dbt.compiled import CompiledModels, compiled_models, read, saved
from tests.dbt.lake import TinyLake
from tests.dbt.warehouse import invoke, problems

Build = Callable[[TinyLake, Run], Home]


@pytest.fixture(scope="session")
def built(dbt_manifest: Path) -> Build:
    """Write a lake, build every model, run every data test; gives the home. Fails when any of it is not green."""
    os.environ.setdefault("DO_NOT_TRACK", "1")

    def build(lake: TinyLake, run: Run) -> Home:
        lake.write(run.home, run)
        bad = problems(invoke(dbt_manifest, run.home, "build", "--exclude-resource-type", "unit_test"))
        assert not bad, bad
        return run.home

    return build


@pytest.fixture(scope="session")
def compiled(dbt_manifest: Path, made_once: MadeOnce) -> CompiledModels:
    """The project as SQL."""
    os.environ.setdefault("DO_NOT_TRACK", "1")

    def compile_into(folder: Path) -> None:
        (folder / "models.json").write_text(saved(compiled_models(dbt_manifest, folder)), encoding="utf-8")

    return read((made_once("compiled", compile_into) / "models.json").read_text(encoding="utf-8"))
