"""Checks that warn and never block: new headers, and segments that are left out."""

from __future__ import annotations

from pathlib import Path

import dagster as dg

from assets.checks import every_segment_can_be_used, headers_are_as_before
from assets.resources import HomeResource
from pipelines.contracts.segments import DefinitionError
from pipelines.segments.faults import write_faults
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


def test_segment_that_is_left_out_warns_on_its_day(tmp_path: Path) -> None:
    decide = every_segment_can_be_used.op.compute_fn.decorated_fn  # a context for a direct call of a check knows no day
    home, torn = HomeResource(root=str(tmp_path)), DefinitionError("torn", "is not valid YAML", where="/own/torn.yaml", do="mend the line")
    for day, faults in (("2026-03-01", []), ("2026-03-02", [torn])):
        write_faults(home.run(day), faults)
        result = decide(dg.build_op_context(partition_key=day), home)
        assert isinstance(result, dg.AssetCheckResult)
        assert (result.passed, result.severity) == (not faults, dg.AssetCheckSeverity.WARN)
        assert result.metadata["failures"].value == ["torn.yaml: is not valid YAML -> mend the line"][: len(faults)]


def test_they_block_nothing() -> None:
    assert not [spec for check in (headers_are_as_before, every_segment_can_be_used) for spec in check.check_specs if spec.blocking]
