"""What SQL is told of the tags: bands by hour around midnight, signs as words, who reads which column."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment
from pipelines.contracts.tag_tables import TAG_TABLES
from pipelines.tags import read_tags, write_tags

DAY = date(2026, 3, 10)


def segment(name: str, *columns: str, valid_to: date | None = None) -> Segment:
    return Segment(
        name=name, label={}, description=name, where="", columns=columns, channel="sms", purpose="marketing", priority=1,
        holdout=Decimal(0), arms={}, owner="crm", definition_hash=name, valid_to=valid_to,
    )  # fmt: skip


def written(folder: Path, settings: dict[str, Any] | None = None, *segments: Segment, day: date = DAY) -> dict[str, pl.DataFrame]:
    home = Home(folder)
    write_tags(Run(day, Config.model_validate({"tags": settings or {}}), home, folder), read_tags(), segments)
    return {table.name: pl.read_parquet(home.table(table.name) / "**" / "*.parquet") for table in TAG_TABLES}


def test_hours_before_the_first_band_belong_to_the_last(tmp_path: Path) -> None:
    bands = written(tmp_path, {"hour_bands": {"late": 21, "early": 5, "midday": 12}})["tag_bands"].filter(tag="send_time_preference")
    by_hour = {int(hour): band for _, band, hour in bands.iter_rows()}
    assert [by_hour[hour] for hour in (0, 4, 5, 11, 12, 20, 21, 23)] == [
        "late",
        "late",
        "early",
        "early",
        "midday",
        "midday",
        "late",
        "late",
    ]


def test_bands_are_those_of_the_configuration(tmp_path: Path) -> None:
    bands = written(tmp_path, {"age_groups": {"young": 0, "old": 50}})["tag_bands"].filter(tag="age_group")
    assert bands.rows() == [("age_group", "young", Decimal(0)), ("age_group", "old", Decimal(50))]


def test_latin_signs_are_words_and_chinese_ones_are_not(tmp_path: Path) -> None:
    signs = written(tmp_path)["tag_signs"].rows()
    assert {("gender_inferred", "male", " men "), ("gender_inferred", "female", "女装"), ("life_stage", "new_parent", " baby ")} <= set(
        signs
    )


def test_a_tag_is_read_by_valid_segments_that_name_its_column(tmp_path: Path) -> None:
    segments = (
        segment("second", "rfm_class", "recency_days"),
        segment("first", "rfm_class"),
        segment("over", "gender", valid_to=date(2026, 3, 9)),
    )
    written(tmp_path, {}, *segments, day=date(2026, 3, 9))
    rows = {(day, tag): readers for day, tag, *_, readers in written(tmp_path, {}, *segments)["tag_definitions"].rows()}
    assert rows[DAY, "rfm_class"] == "first,second"
    assert (rows[date(2026, 3, 9), "gender"], rows[DAY, "gender"]) == ("over", None)
    assert len(rows) == 2 * len(read_tags()), "the day before is kept"
