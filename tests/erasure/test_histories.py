"""Night after night with erasures on the way equals a rebuild that forgets on the same days, whatever comes in which order.

`CDP_HISTORIES=100` tries as many of them; each is some nine runs.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable
from pathlib import Path
from random import Random
from uuid import uuid4

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.config import Config
from pipelines.contracts.identity_tables import IDENTITY_TABLES
from pipelines.contracts.tombstones import read_tombstones
from pipelines.erasure import Person, begin, clear, find_person
from pipelines.identity import resolve_identity
from pipelines.identity.decisions import COLUMNS, FILE_NAME
from tests.identity.lake import REFERENCE, SmallLake
from tests.identity.test_incremental import DAYS, Line, decisions, deliver, keyed_by_content, lines

HISTORIES = int(os.environ.get("CDP_HISTORIES", "5"))
KEYS = ("source_record_key", "left_source_record_key", "right_source_record_key")
# after the run of which day, and which record the person is known by
requests = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 8)), min_size=1, max_size=2)


class Shop:
    """A lake into which lines come. What has a tombstone is stopped; a load of before is read again when somebody is forgotten."""

    def __init__(self, root: Path, decided: Iterable[tuple[str, ...]]) -> None:
        reference = root / "reference"
        reference.mkdir(parents=True)
        for path in REFERENCE.glob("*.csv"):
            (reference / path.name).write_bytes(path.read_bytes())
        (reference / FILE_NAME).write_text("\n".join(",".join(row) for row in [COLUMNS, *decided]) + "\n", encoding="utf-8")
        self.lake, self._came = SmallLake(root / "home", reference), list[Line]()

    def deliver(self, line: Line) -> None:
        self._came.append(line)
        if not self.is_stopped(line):
            deliver(self.lake, line)

    def is_stopped(self, line: Line) -> bool:
        stop = read_tombstones(self.lake.home)
        value = f"1371234560{line.value}" if line.kind == "phone" else f"v{line.value}@shop.example"
        scope = "shop" if line.kind == "member_id" else "global"
        row = pl.DataFrame({"key": [line.key], "type": [line.kind], "scope": [scope], "value_raw": [value]})
        return bool(stop.stopped_records("key", row).height or stop.stopped_values(row, Config()).height)

    def forget(self, record: int) -> Person | None:
        """Forget the customer who holds the record, if anybody does."""
        held = [customer for key, customer in self.lake.customers().items() if key.endswith(f":{record}")]
        if not held:
            return None
        person = find_person(self.lake.home, Config(), held[0])
        begin(self.lake.home, person, "2026-05-01T00:00:00+00:00")
        for table in ("channel_contact_points", "channel_profiles"):
            for folder in self.lake.home.table(table).glob("load=*"):
                if folder.name != "load=0":
                    shutil.rmtree(folder)
        for line in self._came:
            if not self.is_stopped(line):
                deliver(self.lake, line)
        clear(self.lake.home, Config(), self.lake.reference, person)
        return person


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


@settings(max_examples=HISTORIES)
@given(st.lists(lines, min_size=4, max_size=22), decisions, requests, st.randoms(use_true_random=False))
def test_night_after_night_with_erasures_equals_a_rebuild(
    root: Path, told: list[Line], decided: list[tuple[str, int, int, int]], asked: list[tuple[int, int]], shuffler: Random
) -> None:
    folder = root / uuid4().hex
    keys = {line.record: line.key for line in told}
    rows = [
        (word, keys.get(left, f"z:{left}"), keys.get(right, f"z:{right}"), "tester", "because", DAYS[day].isoformat(), "")
        for word, left, right, day in decided
    ]
    nightly, rebuilt = Shop(folder / "nightly", rows), Shop(folder / "rebuilt", rows)
    shuffled = list(told)
    shuffler.shuffle(shuffled)
    for line in shuffled:
        rebuilt.deliver(line)
    forgotten: list[Person] = []
    for number, day in enumerate(DAYS):
        for line in told:
            if line.day == number:
                nightly.deliver(line)
        for shop in (nightly, rebuilt):
            resolve_identity(shop.lake.run(day))
        for record in [record for on, record in asked if on == number]:
            persons = [shop.forget(record) for shop in (nightly, rebuilt)]
            assert [person and (person.records, person.values, person.customer_ids) for person in persons[:1]] == [
                person and (person.records, person.values, person.customer_ids) for person in persons[1:]
            ]
            forgotten += [person for person in persons[:1] if person is not None]
    one, other = keyed_by_content(nightly.lake), keyed_by_content(rebuilt.lake)
    assert {name for name in one if not one[name].equals(other[name])} == set()
    records = {key for person in forgotten for key in person.records}
    values = {value for person in forgotten for value in person.values}
    for table in IDENTITY_TABLES:
        rows_left = one[table.name]
        assert not {cell for name in KEYS if name in rows_left.columns for cell in rows_left[name]} & records, table.name
        if {"type", "scope", "value"} <= set(rows_left.columns):
            assert not set(rows_left.select("type", "scope", "value").iter_rows()) & values, table.name
    if not any(on == 3 for on, _ in asked):  # else the others are as they were before the last request
        never = Shop(folder / "never", [row for row in rows if not {row[1], row[2]} & records])
        for line in told:
            if not nightly.is_stopped(line):
                never.deliver(line)
        resolve_identity(never.lake.run(DAYS[-1]))
        assert nightly.lake.clusters() == never.lake.clusters(), "the others are who they would be without the person"
