"""A definition that cannot be used is left out alone: the others decide as if it had never been there, and the day says what is wrong."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.errors import ConfigurationError
from pipelines.segments import decide_memberships, decided_definitions, read_definitions
from tests.segments.shop import DAY, OPEN, Shop, phone

DEFINITION = """
name: {name}
label: {{en: Own, zh: 自有}}
description: Own.
where: {where}
channel: sms
purpose: marketing
priority: {priority}
owner: crm
"""


def define(folder: Path, file: str, name: str, where: str, priority: int = 20) -> None:
    folder.mkdir(exist_ok=True)
    (folder / file).write_text(DEFINITION.format(name=name, where=where, priority=priority), encoding="utf-8")


def night(root: Path, folder: Path) -> tuple[pl.DataFrame, pl.DataFrame, Shop]:
    """Memberships and faults of a night with the definitions of `folder`."""
    shop = Shop(root, OPEN.model_copy(update={"folders": (folder,)}))
    for number in range(4):
        shop.add(f"c{number}", recency_days=number, phone_e164=phone(number))
    decide_memberships(shop.run(DAY))
    memberships, faults = (
        pl.read_parquet(root / "lake" / name / f"as_of={DAY}" / "part-0.parquet", hive_partitioning=False)
        for name in ("segment_memberships", "segment_faults")
    )
    # the mart of the small shop lacks what most of the shipped ones read
    own = pl.col("file_name").is_in([path.name for path in folder.iterdir()])
    return memberships, faults.filter(own | (pl.col("file_name") == "data")), shop


def test_the_lists_of_others_are_those_of_a_night_without_the_faulty(tmp_path: Path) -> None:
    good, all_of_them = tmp_path / "good", tmp_path / "all"
    for folder in (good, all_of_them):
        define(folder, "late.yaml", "late", "recency_days >= 2")
        define(folder, "early.yaml", "early", "recency_days < 2")
    define(all_of_them, "unknown.yaml", "unknown", "recency_dayz > 1", priority=1)
    define(all_of_them, "overflow.yaml", "overflow", "recency_days * 2000000000 > 1", priority=2)
    define(all_of_them, "first.yaml", "twice", "recency_days >= 0", priority=3)
    define(all_of_them, "second.yaml", "twice", "recency_days >= 1", priority=4)
    (all_of_them / "torn.yaml").write_text("name: [", encoding="utf-8")
    alone, none, _ = night(tmp_path / "alone", good)
    beside, faults, shop = night(tmp_path / "beside", all_of_them)
    assert none.height == 0
    assert alone.filter(outcome="exported").height == 4
    assert beside.equals(alone)
    assert faults.select("segment_name", "file_name").rows() == [
        ("overflow", "data"), ("torn", "torn.yaml"), ("twice", "second.yaml"), ("unknown", "unknown.yaml")
    ]  # fmt: skip
    assert faults.schema == TABLES["segment_faults"].schema
    assert [word for row in faults.to_dicts() for word in ("2000000000", "+86") if word in str(row)] == [], "texts of the engine quote rows"
    decided = decided_definitions(shop.run(DAY))
    assert {segment.name for segment in decided.segments} & {"early", "late", "overflow", "torn", "twice", "unknown"} == {"early", "late"}
    assert {"overflow", "torn", "twice", "unknown"} <= decided.left_out


def test_a_folder_that_is_not_there_stops_the_night(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such folder"):
        read_definitions((tmp_path / "nowhere",))
