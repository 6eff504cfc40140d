"""Whole or not at all: what a crash at any moment leaves behind."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.storage import is_disk_full, recover_folder, replacing, replacing_folder, write_json, write_table


class KilledError(Exception):
    """Stands for a killed process inside the writing block."""


def test_failed_write_leaves_the_old_file_and_no_trace(tmp_path: Path) -> None:
    target = tmp_path / "a.json"
    write_json(target, {"a": 1})
    with pytest.raises(KilledError), replacing(target) as beside:
        beside.write_text("half")
        raise KilledError
    assert target.read_text() == '{\n  "a": 1\n}\n'
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_failed_folder_leaves_the_old_one(tmp_path: Path) -> None:
    target = tmp_path / "day"
    with replacing_folder(target) as beside:
        (beside / "x").write_text("old")
    with pytest.raises(KilledError), replacing_folder(target) as beside:
        (beside / "x").write_text("new")
        raise KilledError
    assert (target / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["day"]


def test_crash_between_the_two_renames_is_undone(tmp_path: Path) -> None:
    target = tmp_path / "day"
    with replacing_folder(target) as beside:
        (beside / "x").write_text("old")
    target.rename(tmp_path / ".day.old")
    (tmp_path / ".day.new").mkdir()
    recover_folder(target)
    assert (target / "x").read_text() == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["day"]


def test_crash_after_both_renames_keeps_the_new_one(tmp_path: Path) -> None:
    target = tmp_path / "day"
    for text in ("old", "new"):
        with replacing_folder(target) as beside:
            (beside / "x").write_text(text)
    (tmp_path / ".day.old").mkdir()
    recover_folder(target)
    assert (target / "x").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["day"]


def test_mode_is_set_before_the_file_is_seen(tmp_path: Path) -> None:
    write_json(tmp_path / "secret.json", {}, mode=0o600)
    assert (tmp_path / "secret.json").stat().st_mode & 0o777 == 0o600


def test_table_is_written_in_contract_order_and_types(tmp_path: Path) -> None:
    table = TABLES["identity_members"]
    frame = pl.DataFrame({"valid_to_on": [None], "valid_from_on": ["2026-01-01"], "customer_id": ["c_1"], "source_record_key": ["a:1"]})
    write_table(frame.with_columns(pl.col("valid_from_on").str.to_date()), table, tmp_path / "part-0.parquet")
    assert pl.read_parquet_schema(tmp_path / "part-0.parquet") == table.schema


def _fill_a_file() -> None:
    Path("/dev/full").write_text("x" * 100_000)


def _fill_sqlite() -> None:
    connection = sqlite3.connect(":memory:")
    connection.execute("pragma max_page_count = 1")
    connection.execute("create table t (a)")


def _fill_from_duckdb() -> None:
    duckdb.sql("copy (select range from range(100_000)) to '/dev/full' (format parquet)")


def _fill_from_polars() -> None:
    pl.LazyFrame({"a": range(100_000)}).sink_parquet("/dev/full")


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
@pytest.mark.parametrize("fill", [_fill_a_file, _fill_sqlite, _fill_from_duckdb, _fill_from_polars])
def test_full_disk_is_known_whoever_met_it(fill: Callable[[], None]) -> None:
    with pytest.raises(Exception, match=r"full|No space left") as met:
        fill()
    wrapped = RuntimeError("a step failed")
    wrapped.__cause__ = met.value
    assert is_disk_full(wrapped)


def test_other_errors_are_no_full_disk(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError) as met:
        (tmp_path / "gone").read_text()
    assert not is_disk_full(met.value)


def test_errors_that_caused_each_other_are_looked_at_once() -> None:
    first, second = RuntimeError("a step failed"), RuntimeError("a job failed")
    first.__cause__, second.__cause__ = second, first
    assert not is_disk_full(first)
