"""Night after night equals a rebuild from raw: whatever comes in which order, with merges, splits and decisions on the way.

`CDP_HISTORIES=100` tries as many of them; each is eight runs.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import Any
from uuid import uuid4

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.identity_tables import IDENTITY_TABLES
from pipelines.identity import resolve_identity
from pipelines.identity.decisions import COLUMNS, FILE_NAME
from tests.identity.lake import REFERENCE, SEEN, SmallLake

DAYS = [date(2026, 5, 1) + timedelta(days=n) for n in range(4)]
HISTORIES = int(os.environ.get("CDP_HISTORIES", "8"))
NAMES = ("王伟", "李娜", "张静依", "John Smith")
WHOLE = [table.name for table in IDENTITY_TABLES]


@dataclass(frozen=True)
class Line:
    """What one export says of one record: exported on a day, about a time that may lie months before."""

    day: int
    record: int
    kind: str
    value: int
    name: int | None
    seen_days_ago: int

    @property
    def key(self) -> str:
        return f"{'abc'[self.record % 3]}:{self.record}"


lines = st.builds(
    Line,
    day=st.integers(0, 3),
    record=st.integers(0, 8),
    kind=st.sampled_from(["phone", "phone", "email", "member_id"]),
    value=st.integers(0, 3),
    name=st.none() | st.integers(0, 3),
    seen_days_ago=st.sampled_from([0, 1, 40, 200]),
)
decisions = st.lists(
    st.tuples(st.sampled_from(["must_link", "cannot_link"]), st.integers(0, 8), st.integers(0, 8), st.integers(0, 3)).filter(
        lambda found: found[1] < found[2]
    ),
    max_size=1,
)


def deliver(lake: SmallLake, line: Line) -> None:
    exported_at = lake.run(DAYS[line.day]).as_of_end_at
    seen = SEEN - timedelta(days=line.seen_days_ago)
    told: dict[str, Any] = {"source_record_key": line.key, "first_seen_at": seen, "last_seen_at": seen}
    value = f"1371234560{line.value}" if line.kind == "phone" else f"v{line.value}@shop.example"
    scope = "shop" if line.kind == "member_id" else "global"
    lake.add("channel_contact_points", [told | {"type": line.kind, "scope": scope, "value_raw": value}], exported_at=exported_at)
    if line.name is not None:
        lake.add("channel_profiles", [told | {"full_name": NAMES[line.name]}], exported_at=exported_at)


def keyed_by_content(lake: SmallLake) -> dict[str, pl.DataFrame]:
    """Every identity table without the names that loads bear: those are given in the order of arrival."""
    return {name: lake.read(name).drop("_load_id", "_source_row", strict=False) for name in WHOLE}


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("nights")


@settings(max_examples=HISTORIES)
@given(st.lists(lines, min_size=4, max_size=22), decisions, st.randoms(use_true_random=False))
def test_night_after_night_equals_a_rebuild_from_raw(
    root: Path, told: list[Line], decided: list[tuple[str, int, int, int]], shuffler: Random
) -> None:
    folder = root / uuid4().hex
    reference = folder / "reference"
    reference.mkdir(parents=True)
    for path in REFERENCE.glob("*.csv"):
        (reference / path.name).write_bytes(path.read_bytes())
    keys = {line.record: line.key for line in told}
    rows = [
        (word, keys.get(left, f"z:{left}"), keys.get(right, f"z:{right}"), "tester", "because", DAYS[day].isoformat(), "")
        for word, left, right, day in decided
    ]
    (reference / FILE_NAME).write_text("\n".join(",".join(row) for row in [COLUMNS, *rows]) + "\n", encoding="utf-8")
    nightly, rebuilt = SmallLake(folder / "nightly", reference), SmallLake(folder / "rebuilt", reference)
    for number, day in enumerate(DAYS):
        for line in told:
            if line.day == number:
                deliver(nightly, line)
        resolve_identity(nightly.run(day))
    shuffled = list(told)
    shuffler.shuffle(shuffled)
    for line in shuffled:
        deliver(rebuilt, line)
    for day in DAYS:
        resolve_identity(rebuilt.run(day))
    one, other = keyed_by_content(nightly), keyed_by_content(rebuilt)
    assert {name for name in WHOLE if not one[name].equals(other[name])} == set()
