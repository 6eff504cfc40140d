"""Run records: the same inputs are the same run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from assets.records import newest_record, read_record, run_id, write_record
from pipelines.contracts.home import Home

INPUTS: dict[str, Any] = {"as_of": "2026-10-31", "code_version": "a", "config_hash": "b", "definitions_hash": "c", "loads": ["1", "2"]}


def test_same_inputs_are_the_same_run_in_any_order() -> None:
    assert run_id(INPUTS) == run_id(dict(reversed(INPUTS.items())))


def test_each_input_alone_makes_another_run() -> None:
    changed: dict[str, Any] = {"code_version": "x", "config_hash": "x", "definitions_hash": "x", "loads": ["1"], "as_of": "2026-10-30"}
    names = {run_id(INPUTS | {name: value}) for name, value in changed.items()}
    assert len(names | {run_id(INPUTS)}) == 6


def test_record_is_read_back_and_clears_the_failure_of_the_same_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.runs.mkdir()
    (home.runs / "r.failed.json").write_text("{}")
    write_record(home, "r", INPUTS, counts={"rows": 1})
    record = read_record(home, "r")
    assert record is not None
    assert record["counts"] == {"rows": 1}
    assert not (home.runs / "r.failed.json").exists()


def test_newest_record_is_that_of_the_newest_day_not_of_the_last_run(tmp_path: Path) -> None:
    home = Home(tmp_path)
    for day in ("2026-10-31", "2026-10-30"):
        write_record(home, f"{day}-abc", INPUTS | {"as_of": day})
    newest = newest_record(home)
    assert newest is not None
    assert newest["as_of"] == "2026-10-31"
