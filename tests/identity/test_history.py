"""Histories that only move forward: who was who on which day."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import polars as pl

from pipelines.contracts.identity_tables import IDENTITY_TABLES
from pipelines.identity import resolve_identity
from tests.identity.lake import SEEN, SmallLake

WHOLE = tuple(table.name for table in IDENTITY_TABLES)
PHONE = "13712345670"
DAYS = [date(2026, 5, 1) + timedelta(days=n) for n in range(4)]


def as_of(lake: SmallLake, day: date) -> dict[str, str]:
    valid = (pl.col("valid_from_on") <= day) & (pl.col("valid_to_on").is_null() | (pl.col("valid_to_on") > day))
    return dict(lake.read("identity_members").filter(valid).select("source_record_key", "customer_id").iter_rows())


def days(lake: SmallLake) -> list[dict[str, str]]:
    """Four days: two people, who turn out to be one, who turn out to be two members, then quiet."""
    found = []
    news = [
        [("taobao:a", "phone", PHONE), ("youzan:b", "email", "li@qq.com")],
        [("taobao:a", "email", "li@qq.com")],
        [("taobao:a", "member_id", "M1"), ("youzan:b", "member_id", "M2")],
        [],
    ]
    for day, points in zip(DAYS, news, strict=True):
        run = lake.run(day)
        lake.add_points(points, _exported_at=run.as_of_end_at)
        resolve_identity(run)
        found.append(lake.customers())
    return found


def test_customer_of_any_day_can_be_told(lake: SmallLake) -> None:
    found = days(lake)
    assert [len(set(map_of_day.values())) for map_of_day in found] == [2, 1, 2, 2]
    assert [as_of(lake, day) for day in DAYS] == found


def test_changes_tell_merge_redirect_and_split(lake: SmallLake) -> None:
    first, merged, split, _ = days(lake)
    changes = lake.read("identity_changes").select("as_of", "change", "customer_id", "other_customer_id").rows()
    survivor = merged["taobao:a"]
    [loser] = set(first.values()) - {survivor}
    [born] = set(split.values()) - {survivor}
    assert changes == [
        *[(DAYS[0], "created", customer, "") for customer in sorted(first.values())],
        (DAYS[1], "merged", survivor, loser),
        (DAYS[1], "redirected", loser, survivor),
        (DAYS[2], "split", born, survivor),
    ]
    assert born not in first.values()


def test_day_that_is_run_again_starts_from_the_day_before(lake: SmallLake) -> None:
    days(lake)
    resolve_identity(lake.run(DAYS[3]))
    once = lake.bytes_of("identity_members", "identity_changes")
    resolve_identity(lake.run(DAYS[3]))
    assert lake.bytes_of("identity_members", "identity_changes") == once


def test_past_run_leaves_the_histories_alone_and_tells_its_own_day(lake: SmallLake) -> None:
    found = days(lake)
    before = lake.bytes_of("identity_members", "identity_changes")
    lake.add_points([("siss:late", "phone", PHONE)], _exported_at=SEEN)
    report = resolve_identity(lake.run(DAYS[1]))
    assert report.is_past
    assert lake.bytes_of("identity_members", "identity_changes") == before
    assert lake.customers() == found[1] | {"siss:late": found[1]["taobao:a"]}


def test_rebuild_from_raw_gives_the_same_histories(tmp_path: Path) -> None:
    one, two = SmallLake(tmp_path / "one"), SmallLake(tmp_path / "two")
    days(one)
    days(two)
    assert one.bytes_of(*WHOLE) == two.bytes_of(*WHOLE)


def test_record_that_vanishes_is_closed(lake: SmallLake) -> None:
    load = lake.add_points([("taobao:a", "phone", PHONE)])
    lake.add_points([("youzan:b", "phone", "13712345671")])
    resolve_identity(lake.run(DAYS[0]))
    (lake.home.table("channel_contact_points") / f"load={load}" / "part-0.parquet").unlink()
    resolve_identity(lake.run(DAYS[1]))
    assert set(as_of(lake, DAYS[0])) == {"taobao:a", "youzan:b"}
    assert set(as_of(lake, DAYS[1])) == {"youzan:b"}
