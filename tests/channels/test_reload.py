"""Loads that are read again from the lake's own copies: after a mended contract, for a changed table, and whoever is killed when."""

from __future__ import annotations

import gzip
import json
import os
import shutil
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.channels import (
    is_interrupted,
    load_deliveries,
    load_readings,
    outdated_formats,
    readings_hash,
    reload_archived,
    replacement,
    unsettled_files,
)
from pipelines.channels.loads import write_manifest
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from tests.channels import archives, samples
from tests.channels.lake import frame, home_with, load, loads, put, rows

CONTRACT = (
    "format: till\nchannel: till\ntitle: t\ngrain: g\ndetect: [no, way]\n{more}"
    "fields:\n  no: {{column: no, required: true}}\n  way: {{column: way, type: vocabulary, values: {words}}}\n"
    "tables: {{channel_stores: {{columns: {{store_key: no, store_id_channel: no, region: way}}}}}}\n"
)
FEW, ALL = "{A: north}", "{A: north, B: south}"


def contract(folder: Path, words: str, more: str = "") -> Path:
    formats = folder / "formats"
    formats.mkdir(exist_ok=True)
    (formats / "till.yaml").write_text(CONTRACT.format(words=words, more=more))
    return formats


def config(formats: Path, **channels: Any) -> Config:
    return Config.model_validate({"channels": {"formats_folders": [formats], **channels}})


def manifest(home: Home, name: str) -> Path:
    return home.lake / "loads" / f"{loads(home)[name]['load_id']}.json"


def changed_manifest(path: Path, **values: Any) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def regions(home: Home) -> list[tuple[str, str | None]]:
    return sorted((row["store_key"], row.get("region")) for row in rows(home, "channel_stores"))


@pytest.mark.parametrize("packed", ["a.csv", "a.csv.gz", "a.zip", "a.xlsx"])
def test_rows_in_quarantine_are_read_from_the_archive_when_their_contract_is_mended(tmp_path: Path, packed: str) -> None:
    """The file has left the inbox long ago."""
    text = "no,way\n1,A\n2,B\n"
    contents = {
        "a.csv": text.encode(),
        "a.csv.gz": gzip.compress(text.encode()),
        "a.zip": archives.zipped({"in.csv": text.encode()}),
        "a.xlsx": archives.workbook(Sheet1=[line.split(",") for line in text.split()]),
    }
    home = home_with(tmp_path / "home", {packed: contents[packed]})
    load(home, formats_folders=[contract(tmp_path, FEW)])
    assert (regions(home), frame(home, "channel_quarantine").height) == ([("1", "north")], 1)
    before = loads(home)
    (home.deliveries / packed).unlink()
    formats = contract(tmp_path, ALL)
    assert unsettled_files(home, config(formats)) == list(before)
    report = load(home, formats_folders=[formats])
    assert (regions(home), frame(home, "channel_quarantine").height) == ([("1", "north"), ("2", "south")], 0)
    assert report.loads_new == tuple(row["load_id"] for row in before.values()), "the same load"
    assert loads(home).keys() == before.keys()
    assert unsettled_files(home, config(formats)) == []
    assert load(home, formats_folders=[formats]).loads_new == ()


def test_export_is_dated_as_it_was_when_nothing_but_its_age_dates_it(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n2,B\n"})
    os.utime(home.deliveries / "a.csv", ns=(1_772_000_000_123_456_000, 1_772_000_000_123_456_000))
    formats = contract(tmp_path, FEW)
    load(home, formats_folders=[formats])
    exported_at = loads(home)["a.csv"]["exported_at"]
    (home.deliveries / "a.csv").unlink()
    load(home, formats_folders=[contract(tmp_path, ALL)])
    assert loads(home)["a.csv"]["exported_at"] == exported_at
    assert loads(home)["a.csv"]["loaded_count"] == 2


def test_complete_load_stays_under_an_older_contract_until_it_is_asked_for(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n"})
    load(home, formats_folders=[contract(tmp_path, FEW)])
    mended = contract(tmp_path, "{A: east}")
    assert load(home, formats_folders=[mended]).loads_new == ()
    assert regions(home) == [("1", "north")]
    assert outdated_formats(home, config(mended)) == {"till": 1}
    run = Run(loads(home)["a.csv"]["exported_at"].date(), Config(), home, tmp_path)
    before, read_before = readings_hash(home, run), load_readings(home)
    report = reload_archived(home, config(mended), [loads(home)["a.csv"]["load_id"]])
    assert (len(report.loads_new), regions(home)) == (1, [("1", "east")])
    assert outdated_formats(home, config(mended)) == {}
    assert readings_hash(home, run) != before, "a run over other rows has another name"
    assert load_readings(home).keys() == read_before.keys()
    assert load_readings(home) != read_before, "marts that were built from the old rows are no base to continue"


def test_file_that_is_delivered_once_more_is_still_the_same_reading(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n"})
    formats = contract(tmp_path, ALL)
    load(home, formats_folders=[formats])
    before = load_readings(home)
    put(home, "again.csv", "no,way\n1,A\n")
    load(home, formats_folders=[formats])
    assert loads(home)["a.csv"]["delivery_count"] == 2
    assert load_readings(home) == before


def test_refused_file_that_left_the_inbox_is_read_when_it_is_asked_for(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n"})
    load(home)
    (home.deliveries / "a.csv").unlink()
    formats = contract(tmp_path, FEW)
    assert load(home, formats_folders=[formats]).loads_new == (), "somebody took it away"
    assert [row["outcome"] for row in loads(home).values()] == ["refused"]
    reload_archived(home, config(formats), [loads(home)["a.csv"]["load_id"]])
    assert (loads(home)["a.csv"]["outcome"], regions(home)) == ("loaded", [("1", "north")])


def test_contract_that_was_mended_badly_takes_nothing_away(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n2,B\n"})
    load(home, formats_folders=[contract(tmp_path, FEW)])
    (home.deliveries / "a.csv").unlink()
    broken = contract(tmp_path, ALL, "absent: [way]\n")
    report = load(home, formats_folders=[broken])
    assert [problem.path for problem in report.refused] == ["a.csv"]
    assert regions(home) == [("1", "north")]
    load(home, formats_folders=[contract(tmp_path, ALL)])
    assert regions(home) == [("1", "north"), ("2", "south")]


def old_part(home: Home, name: str, table: str, column: str) -> Path:
    """Make a load look as if it was written before `column` was added to `table`."""
    load_id = loads(home)[name]["load_id"]
    part = home.table(table) / f"load={load_id}" / "part-0.parquet"
    pl.read_parquet(part).drop(column).write_parquet(part)
    path = manifest(home, name)
    changed_manifest(path, tables={**json.loads(path.read_text())["tables"], table: "0" * 16})
    return part


def test_load_with_the_columns_of_an_older_table_is_read_again_by_itself(tmp_path: Path) -> None:
    """The accident: a part without the new column stops every query on the table."""
    home = home_with(tmp_path, {"2026-03-07/a.csv": samples.taobao(), "2026-03-07/flow.csv.gz": samples.siss()})
    load(home)
    tables = ("channel_orders", "channel_order_lines", "channel_contact_points")
    whole = {name: frame(home, name).to_dicts() for name in tables}
    part = old_part(home, "2026-03-07/a.csv", "channel_orders", "country")
    shutil.rmtree(home.deliveries / "2026-03-07")
    assert unsettled_files(home, Config()) == ["2026-03-07/a.csv"], "only the load that has rows in the table"
    assert len(load(home).loads_new) == 1
    assert "country" in pl.read_parquet_schema(part)
    assert {name: frame(home, name).to_dicts() for name in tables} == whole
    assert load(home).loads_new == ()


def test_load_of_a_version_that_kept_no_columns_is_read_again(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/a.csv": samples.taobao()})
    load(home)
    path = manifest(home, "2026-03-07/a.csv")
    old = json.loads(path.read_text())
    for name in ("tables", "encoding", "header_hash", "missing_columns", "totals", "warning"):
        del old[name]
    path.write_text(json.dumps(old))
    assert len(load(home).loads_new) == 1
    assert load(home).loads_new == ()


def test_copy_that_is_gone_or_damaged_is_told_and_the_inbox_helps(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/a.csv": samples.taobao()})
    load(home)
    (copy,) = (home.lake / "files").iterdir()
    good = copy.read_bytes()
    (home.deliveries / "2026-03-07/a.csv").rename(tmp_path / "a.csv")
    old_part(home, "2026-03-07/a.csv", "channel_orders", "country")
    copy.write_bytes(good[:-9])
    assert "damaged copy" in load(home).refused[0].reason
    copy.unlink()
    assert "no copy in lake/files" in load(home).refused[0].reason
    put(home, "2026-03-07/a.csv", (tmp_path / "a.csv").read_bytes())
    report = load(home)
    assert (len(report.loads_new), report.refused) == (1, ())


class KilledError(Exception):
    """In place of a process that dies."""


STEPS = ["parts", "synced", "decided", "one moved", "moved", "manifest", "before removal"]


@pytest.mark.parametrize("step", STEPS)
def test_killed_replacement_leaves_one_reading_or_the_other_and_the_next_run_completes_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n2,B\n"})
    load(home, formats_folders=[contract(tmp_path, FEW)])
    (home.deliveries / "a.csv").unlink()
    formats = contract(tmp_path, ALL)
    kill(monkeypatch, step)
    with pytest.raises(KilledError):
        load(home, formats_folders=[formats])
    monkeypatch.undo()
    assert is_interrupted(home)
    if STEPS.index(step) < STEPS.index("decided"):
        assert regions(home) == [("1", "north")], "not decided: the old rows"
    load_deliveries(home, config(formats))
    assert not is_interrupted(home)
    assert (regions(home), frame(home, "channel_quarantine").height) == ([("1", "north"), ("2", "south")], 0)
    assert [(row["loaded_count"], row["quarantined_count"]) for row in loads(home).values()] == [(2, 0)]


def kill(monkeypatch: pytest.MonkeyPatch, step: str) -> None:
    """Let the process die before or after one step of a replacement."""

    def die(*_: object, **__: object) -> None:
        raise KilledError

    if step == "parts":
        monkeypatch.setattr(os, "sync", nth(die, os.sync, 2))
    elif step == "synced":
        monkeypatch.setattr(replacement, "write_manifest_to", die)
    elif step == "decided":
        monkeypatch.setattr(replacement, "finish_replacements", die)
    elif step == "one moved":
        monkeypatch.setattr(shutil, "rmtree", nth(die, shutil.rmtree, 4))
    elif step == "moved":
        monkeypatch.setattr(replacement, "write_manifest", die)
    elif step == "manifest":
        monkeypatch.setattr(os, "sync", nth(die, os.sync, 5))
    elif step == "before removal":
        original = write_manifest

        def written(*rest: Any) -> None:
            original(*rest)
            monkeypatch.setattr(shutil, "rmtree", die)

        monkeypatch.setattr(replacement, "write_manifest", written)


def nth(fake: Any, real: Any, number: int) -> Any:
    """The real function, and from the given call on the fake one."""
    calls: list[int] = []

    def call(*rest: Any, **named: Any) -> Any:
        calls.append(1)
        return (fake if len(calls) >= number else real)(*rest, **named)

    return call


def test_load_of_several_parts_is_replaced_whole(tmp_path: Path) -> None:
    """Large files are written in pieces: what the new reading has not must not stay."""
    home = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n2,B\n"})
    load(home, formats_folders=[contract(tmp_path, FEW)])
    folder = home.table("channel_stores") / f"load={loads(home)['a.csv']['load_id']}"
    shutil.copy(folder / "part-0.parquet", folder / "part-1.parquet")
    load(home, formats_folders=[contract(tmp_path, ALL)])
    assert [path.name for path in folder.iterdir()] == ["part-0.parquet"]
    assert regions(home) == [("1", "north"), ("2", "south")]
