"""Every simulated export without some of its people: the rows of all others as they were, the books to the cent, each line in a count."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from random import Random

import polars as pl
import pytest

from pipelines.channels import forget_in_loads, load_deliveries, read_manifests
from pipelines.channels.erased import may_stay
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.tombstones import RECORD, VALUE, WORD, add_tombstones
from pipelines.simulate import ALL_FORMATS, SimulationSpec, simulate
from tests.channels.canonical import broken_promises
from tests.channels.lake import frame, loads, unaccounted

KEY = "source_record_key"
Lake = dict[str, pl.DataFrame]


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    first_day = date(2026, 3, 1)
    simulate(
        SimulationSpec(customers=80, days=24, seed=8, first_day=first_day, formats=ALL_FORMATS, deliver_every_days=24, daily_tail_days=0),
        folder,
    )
    return folder


def loaded(root: Path, out: Path, records: Iterable[str]) -> Home:
    home = Home(root, out)
    if records:
        add_tombstones(home, "e1", {RECORD: records, VALUE: ["phone\x1fglobal\x1f+8613000000000"], WORD: ["nobody"]})
    assert load_deliveries(home, Config()).refused == ()
    assert [row["file_path"] for row in loads(home).values() if unaccounted(row)] == []
    return home


def lake_of(home: Home) -> Lake:
    return {table.name: frame(home, table.name) for table in CANONICAL_TABLES}


def keys_of(lake: Lake) -> list[str]:
    return sorted({key for rows in lake.values() if KEY in rows.columns for key in rows[KEY].drop_nulls()})


@pytest.fixture(scope="module")
def whole(out: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Lake]:
    home = loaded(tmp_path_factory.mktemp("whole"), out, ())
    return home, lake_of(home)


def test_who_names_nobody_here_changes_nothing(out: Path, whole: tuple[Home, Lake], tmp_path: Path) -> None:
    found = lake_of(loaded(tmp_path, out, ["x:nobody"]))
    assert {name for name, rows in whole[1].items() if not rows.equals(found[name])} == set()


def test_without_anybody_the_books_stay_as_rows_of_nobody(out: Path, whole: tuple[Home, Lake], tmp_path: Path) -> None:
    home = loaded(tmp_path, out, keys_of(whole[1]))
    found = lake_of(home)
    assert keys_of(found) == []
    assert broken_promises(home) == []
    for table in filter(may_stay, CANONICAL_TABLES):
        told = [name for name in table.column_names if name not in (KEY, "reason")]
        assert found[table.name].select(told).sort(pl.all()).equals(whole[1][table.name].select(told).sort(pl.all())), table.name


@pytest.mark.parametrize("is_large", [False, True])
def test_without_some_the_others_are_as_they_were(
    out: Path, whole: tuple[Home, Lake], tmp_path: Path, is_large: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    some = Random(1).sample(keys_of(whole[1]), len(keys_of(whole[1])) // 10)
    if is_large:  # every file is read in pieces, with the tombstones already set
        monkeypatch.setattr("pipelines.channels.load._BATCH_BYTES", 1)
        monkeypatch.setattr("pipelines.channels.reading.PIECE_BYTES", 4096)
        home = loaded(tmp_path, out, some)
    else:  # every file was loaded before
        home = loaded(tmp_path, out, ())
        add_tombstones(home, "e1", {RECORD: some})
        assert forget_in_loads(home, Config(), list(read_manifests(home))) == []
        assert [row["file_path"] for row in loads(home).values() if unaccounted(row)] == []
    found = lake_of(home)
    assert sum(row["erased_count"] for row in loads(home).values()) > 0
    for table in CANONICAL_TABLES:
        before, after = whole[1][table.name], found[table.name]
        if KEY in table.column_names:
            is_theirs = pl.col(KEY).is_in(some).fill_null(value=False)
            before = before.with_columns(pl.when(~is_theirs).then(KEY).alias(KEY)) if may_stay(table) else before.filter(~is_theirs)
        told = [name for name in table.column_names if name != "reason"]
        assert after.select(told).sort(pl.all()).equals(before.select(told).sort(pl.all())), table.name
