"""The check of headers: it warns of a new generation, and never blocks."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from assets.checks import headers_are_as_before
from assets.resources import HomeResource
from tests.channels.lake import home_with, load, put

STOCK = "product_id,counted_on,quantity"


def test_new_header_generation_warns(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-01/a.csv": f"{STOCK}\np,2026-03-01,1\n"})
    load(home)
    result = headers_are_as_before(home=HomeResource(root=str(tmp_path)))
    assert isinstance(result, dg.AssetCheckResult)
    assert result.passed
    put(home, "2026-03-02/b.csv", f"{STOCK},bin\np,2026-03-02,1,x\n")
    load(home)
    result = headers_are_as_before(home=HomeResource(root=str(tmp_path)))
    assert isinstance(result, dg.AssetCheckResult)
    assert (result.passed, result.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert result.metadata["failures"].value == ["2026-03-02/b.csv (generic_stock): new: bin"]


def test_it_blocks_nothing() -> None:
    (spec,) = headers_are_as_before.check_specs
    assert not spec.blocking
