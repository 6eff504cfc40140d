"""A small lake for each test."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.identity.lake import SmallLake


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    return SmallLake(tmp_path / "home")
