"""What a person allowed: newest word of each record, strictest of all records, whatever is merged."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.golden import build_golden
from tests.golden.people import PEOPLE, consent, put_people
from tests.identity.lake import SmallLake, later


def decided(lake: SmallLake) -> dict[tuple[str, str, str, str, str], str]:
    build_golden(lake.run())
    rows = lake.read("golden_consents").select("customer_id", "contact_type", "contact_value", "medium", "purpose", "status").rows()
    return {row[:5]: row[5] for row in rows}


SMS = ("c_1", "phone", "+8613712345670", "sms", "marketing")


@pytest.mark.parametrize(("earlier", "last"), [("granted", "denied"), ("denied", "granted")])
def test_newest_word_of_a_record_counts(lake: SmallLake, earlier: str, last: str) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_consents", [consent("taobao:a", last, 3)], exported_at=later(4))
    lake.add("channel_consents", [consent("taobao:a", earlier, 1)], exported_at=later(9))
    assert decided(lake) == {SMS: last}


def test_one_record_that_denies_denies_for_the_customer(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_consents", [consent("taobao:a", "denied", 1), consent("youzan:b", "granted", 9)])
    assert decided(lake) == {SMS: "denied"}
    [row] = lake.read("golden_consents").rows(named=True)
    assert (row["stated_at"], row["_source_row"]) == (later(1), 2)


def test_two_words_at_one_time_deny(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_consents", [consent("taobao:a", "granted"), consent("taobao:a", "denied")])
    assert decided(lake) == {SMS: "denied"}


@pytest.mark.parametrize(("hours", "status"), [(1, "denied"), (30, "granted")])
def test_of_two_words_of_one_day_the_denial_is_the_newer(lake: SmallLake, hours: int, status: str) -> None:
    """A list of the subscribed is dated by the end of its day: who left on that day would stay subscribed for ever."""
    put_people(lake, PEOPLE)
    left = consent("taobao:a", "denied", 3)
    lake.add("channel_consents", [left])
    listed = left | {"status": "granted", "last_seen_at": left["last_seen_at"] + timedelta(hours=hours)}
    lake.add("channel_consents", [listed])
    assert decided(lake) == {SMS: status}


def test_consent_is_kept_per_contact_point_medium_and_purpose(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    other = [
        consent("taobao:a", "denied", contact_value_raw="+86 137-1234-5670"),
        consent("youzan:b", "granted", contact_value_raw="13712345671"),
        consent("youzan:b", "granted", medium="call"),
        consent("youzan:b", "granted", purpose="service"),
        consent("shopify:c", "granted", contact_type="email", contact_value_raw="Li@QQ.com", medium="email"),
    ]
    lake.add("channel_consents", other)
    found = decided(lake)
    assert len(found) == 5
    assert [key for key, status in found.items() if status == "denied"] == [SMS]
    assert ("c_1", "email", "li@qq.com", "email", "marketing") in found


def test_consent_for_a_masked_phone_reaches_nobody(lake: SmallLake) -> None:
    put_people(lake, PEOPLE)
    lake.add("channel_consents", [consent("taobao:a", "granted", contact_value_raw="137****5670")])
    assert decided(lake) == {}


statements = st.lists(
    st.tuples(
        st.sampled_from("abcdef"),
        st.sampled_from(["granted", "denied"]),
        st.integers(0, 3),
        st.sampled_from(["13712345670", "13712345671"]),
    ),
    min_size=1,
    max_size=12,
)
partitions = st.lists(st.integers(0, 2), min_size=6, max_size=6)


@pytest.fixture(scope="module")
def merging(tmp_path_factory: pytest.TempPathFactory) -> SmallLake:
    return SmallLake(tmp_path_factory.mktemp("merging") / "home")


@settings(deadline=None, max_examples=25)
@given(statements=statements, labels=partitions, merges=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=1, max_size=2))
def test_no_sequence_of_merges_raises_permission(
    merging: SmallLake, statements: list[tuple[str, str, int, str]], labels: list[int], merges: list[tuple[int, int]]
) -> None:
    lake = merging
    for old in lake.home.table("channel_consents").glob("load=00*/part-0.parquet"):
        old.unlink()
    lake.add("channel_consents", [consent(f"x:{key}", status, days, contact_value_raw=phone) for key, status, days, phone in statements])
    home = dict(zip("abcdef", labels, strict=True))

    def permissions() -> dict[tuple[int, str], str]:
        people = defaultdict(list)
        for key, label in home.items():
            people[f"c_{label}"].append(f"x:{key}")
        put_people(lake, people)
        return {(int(customer[2:]), phone): status for (customer, _, phone, _, _), status in decided(lake).items()}

    before = permissions()
    for winner, loser in merges:
        home = {key: winner if label == loser else label for key, label in home.items()}
        after = permissions()
        for (label, phone), status in before.items():
            now = after[winner if label == loser else label, phone]
            assert not (status == "denied" and now == "granted")
        assert set(after) == {(winner if label == loser else label, phone) for label, phone in before}
        before = after


def test_unmerge_restores_permission(lake: SmallLake) -> None:
    lake.add("channel_consents", [consent("taobao:a", "denied"), consent("youzan:b", "granted")])
    apart = {"c_1": ["youzan:b"], "c_2": ["taobao:a"]}
    put_people(lake, apart)
    first = decided(lake)
    put_people(lake, {"c_1": ["taobao:a", "youzan:b"]})
    assert decided(lake) == {SMS: "denied"}
    put_people(lake, apart)
    assert decided(lake) == first
