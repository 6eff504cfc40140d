"""Survivorship and provenance of the golden record."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

from pipelines.contracts.identity_tables import GOLDEN_TABLES
from pipelines.golden import build_golden
from tests.golden.people import PEOPLE, consent, profile, put_people
from tests.identity.lake import SEEN, SmallLake, later

DERIVED = {"customer_id", "first_seen_at", "source_record_count", "channel_count"}


def golden(lake: SmallLake, customer: str = "c_1", **identity: Any) -> dict[str, Any]:
    build_golden(lake.run(**identity))
    return lake.read("golden_customers").filter(customer_id=customer).row(0, named=True)


def provenance(lake: SmallLake, customer: str = "c_1") -> dict[str, str]:
    return dict(lake.read("golden_provenance").filter(customer_id=customer).select("field", "source_record_key").iter_rows())


def test_newest_claim_wins_field_by_field(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("taobao:a", 1, full_name="王芳", gender="female"), profile("youzan:b", 5, full_name="王小芳")])
    row = golden(lake)
    assert (row["full_name"], row["gender"]) == ("王小芳", "female")
    assert provenance(lake) == {"full_name": "youzan:b", "gender": "taobao:a"}


def test_time_of_the_event_counts_not_that_of_the_load(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("taobao:a", 5, nickname="new")], exported_at=later(6))
    lake.add("channel_profiles", [profile("youzan:b", 1, nickname="old")], exported_at=later(20))
    assert golden(lake)["nickname"] == "new"


def test_trusted_channel_goes_before_newer_ones(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add(
        "channel_profiles", [profile("shopify:c", 1, full_name="Fang Wang"), profile("youzan:b", 5, full_name="王芳", gender="female")]
    )
    row = golden(lake, trusted_channels=("siss", "shopify"))
    assert (row["full_name"], row["gender"]) == ("Fang Wang", "female")


def test_of_equally_new_claims_the_fuller_wins(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("taobao:a", 1, full_name="A"), profile("youzan:b", 1, full_name="B", birth_on=date(1990, 1, 1))])
    assert golden(lake)["full_name"] == "B"


@pytest.mark.parametrize(
    ("told", "chosen"),
    [
        ([("taobao:a", 1, date(1990, 5, 12)), ("youzan:b", 5, date(1904, 5, 12))], ("taobao:a", date(1990, 5, 12))),
        ([("taobao:a", 1, date(1904, 5, 12)), ("youzan:b", 5, date(1990, 5, 12))], ("youzan:b", date(1990, 5, 12))),
        ([("taobao:a", 1, date(1904, 5, 12)), ("youzan:b", 5, date(1904, 6, 1))], ("youzan:b", date(1904, 6, 1))),
        ([("taobao:a", 1, date(1991, 5, 12)), ("youzan:b", 5, date(1990, 6, 1))], ("youzan:b", date(1990, 6, 1))),
    ],
)
def test_birthday_with_a_year_goes_before_newer_ones_without(
    lake: SmallLake, told: list[tuple[str, int, date]], chosen: tuple[str, date]
) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile(record, day, birth_on=born) for record, day, born in told])
    born = golden(lake)["birth_on"]
    assert (provenance(lake)["birth_on"], born) == chosen


def test_newest_load_of_a_record_wins_among_equals(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("taobao:a", 1, member_level="gold")], exported_at=later(3))
    lake.add("channel_profiles", [profile("taobao:a", 1, member_level="silver")], exported_at=later(2))
    assert golden(lake)["member_level"] == "gold"


def test_address_is_one_place_from_one_record(lake: SmallLake) -> None:
    """A city of one record and a street of another is a place that does not exist."""
    put_people(lake, PEOPLE)
    old = profile("taobao:a", 1, country="CN", province="浙江", city="杭州", address="文三路 1 号")
    lake.add("channel_profiles", [old, profile("youzan:b", 5, province="上海", city="上海")])
    row = golden(lake)
    assert (row["country"], row["province"], row["city"], row["address"]) == (None, "上海", "上海", None)
    assert provenance(lake) == {"province": "youzan:b", "city": "youzan:b"}


def test_country_alone_is_kept_when_no_record_knows_a_place(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("taobao:a", 1, country="CN"), profile("youzan:b", 5, gender="male")])
    assert golden(lake)["country"] == "CN"
    assert provenance(lake) == {"country": "taobao:a", "gender": "youzan:b"}


def test_blank_text_is_no_value(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("taobao:a", 1, full_name="王芳"), profile("youzan:b", 5, full_name=" ", nickname="")])
    row = golden(lake)
    assert (row["full_name"], row["nickname"]) == ("王芳", None)


def test_registration_is_the_earliest_of_any_channel(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("youzan:b", 5, registered_at=later(-9)), profile("shopify:c", 8, registered_at=later(-30))])
    row = golden(lake)
    assert (row["registered_at"], row["registration_channel"]) == (later(-30), "shopify")
    assert provenance(lake)["registered_at"] == provenance(lake)["registration_channel"] == "shopify:c"


def test_registration_after_the_day_is_not_known_yet(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_profiles", [profile("youzan:b", 5, registered_at=datetime(2026, 5, 1, 16, tzinfo=UTC))])
    assert golden(lake)["registered_at"] is None


def test_phone_is_the_newest_that_passed_the_guards(lake: SmallLake) -> None:
    points = [
        {"source_record_key": "taobao:a", "type": "phone", "value": "+8613712345671", "last_seen_at": later(1)},
        {"source_record_key": "youzan:b", "type": "phone", "value": "+8613712345672", "last_seen_at": later(3), "_source_row": 44},
        {"source_record_key": "shopify:c", "type": "phone", "value": "+8613800138000", "last_seen_at": later(9), "is_accepted": False},
        {
            "source_record_key": "shopify:c",
            "type": "phone",
            "value": "1**",
            "last_seen_at": later(9),
            "state": "masked",
            "is_accepted": False,
        },
        {"source_record_key": "shopify:c", "type": "email", "value": "li@qq.com"},
        {"source_record_key": "shopify:c", "type": "user_id", "scope": "shop", "value": "7"},
    ]
    put_people(lake, PEOPLE, points)
    row = golden(lake)
    assert (row["phone_e164"], row["email"]) == ("+8613712345672", "li@qq.com")
    [source] = lake.read("golden_provenance").filter(field="phone_e164").rows(named=True)
    assert (source["source_record_key"], source["claimed_at"], source["_load_id"], source["_source_row"]) == (
        "youzan:b",
        later(3),
        "ff",
        44,
    )


def test_customer_of_whom_nothing_is_known_has_a_row(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    row = golden(lake, "c_2")
    assert (row["source_record_count"], row["channel_count"], row["first_seen_at"]) == (1, 1, SEEN)
    assert all(value is None for name, value in row.items() if name not in DERIVED)
    assert golden(lake, "c_1")["channel_count"] == 3


def test_claims_of_later_days_are_not_seen(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    run = lake.run()
    late = {"first_seen_at": run.as_of_end_at, "last_seen_at": run.as_of_end_at}
    lake.add("channel_profiles", [{"source_record_key": "taobao:a", "full_name": "x"} | late])
    lake.add("channel_profiles", [profile("taobao:a", 1, full_name="y")], exported_at=run.exported_before_at)
    assert golden(lake)["full_name"] is None


def test_every_value_has_a_source_and_every_source_a_value(lake: SmallLake) -> None:
    points = [{"source_record_key": "taobao:a", "type": "phone", "value": "+8613712345671"}]
    put_people(lake, PEOPLE, points)
    full = profile("taobao:a", 1, full_name="n", nickname="k", gender="male", birth_on=date(1990, 1, 1), city="杭州", member_level="gold")
    lake.add("channel_profiles", [full | {"registered_at": SEEN}, profile("siss:d", 2, gender="female", province="上海")])
    build_golden(lake.run())
    filled = {
        (row["customer_id"], field)
        for row in lake.read("golden_customers").rows(named=True)
        for field, value in row.items()
        if value is not None and field not in DERIVED
    }
    assert set(lake.read("golden_provenance").select("customer_id", "field").rows()) == filled


def test_tables_are_sorted_by_key_and_the_same_again(lake: SmallLake, tmp_path: Path) -> None:
    people = {f"c_{n:03d}": [f"x:{n}", f"y:{n}"] for n in range(40)}
    rows = [profile(f"{channel}:{n}", n % 3, full_name=f"n{n}", city="杭州", registered_at=SEEN) for n in range(40) for channel in "xy"]
    consents = [consent(f"x:{n}", "granted", contact_value_raw=f"137000000{n:02d}") for n in range(40)]
    found = []
    for home, order in (("one", 1), ("two", -1)):
        other = SmallLake(tmp_path / home)
        put_people(other, people)
        other.add("channel_profiles", [row | {"_load_id": "aa", "_source_row": 1} for row in rows[::order]])
        other.add("channel_consents", [row | {"_load_id": "bb", "_source_row": 1} for row in consents[::order]])
        report = build_golden(other.run())
        assert (report.customers, report.consents, report.denied_consents) == (40, 40, 0)
        found.append(other.bytes_of(*(table.name for table in GOLDEN_TABLES)))
        for table in GOLDEN_TABLES:
            frame = other.read(table.name)
            assert frame.schema == table.schema
            assert frame.select(table.key).equals(frame.select(table.key).sort(table.key))
            assert not frame.select(table.key).is_duplicated().any()
    assert found[0] == found[1]
