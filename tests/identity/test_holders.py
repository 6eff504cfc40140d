"""Phones and e-mails that several people have had: households, recycled numbers, accounts of several people."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest

from pipelines.identity import resolve_identity
from tests.identity.lake import SEEN, SmallLake, later

FAMILY = "13712345601"


def tell(lake: SmallLake, people: Mapping[str, Mapping[str, Any]], phone: str = FAMILY) -> None:
    """One profile and the phone for each record: `name`, `born`, `seen` (days after the first) and `until`."""
    for key, person in people.items():
        seen, until = later(person.get("seen", 0)), later(person.get("until", person.get("seen", 0)))
        lake.add(
            "channel_profiles",
            [
                {
                    "source_record_key": key,
                    "full_name": person.get("name"),
                    "birth_on": person.get("born"),
                    "first_seen_at": seen,
                    "last_seen_at": until,
                }
            ],
        )
        point = {"source_record_key": key, "type": "phone", "scope": "global", "value_raw": phone}
        lake.add("channel_contact_points", [point | {"first_seen_at": seen, "last_seen_at": until}])


def clusters(lake: SmallLake, **identity: Any) -> set[frozenset[str]]:
    resolve_identity(lake.run(later(365).date(), **identity))
    return lake.clusters()


def parts(*groups: str) -> set[frozenset[str]]:
    return {frozenset(group.split()) for group in groups}


def test_people_of_different_names_who_share_a_phone_are_a_household_and_not_one_person(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "b:1": {"name": "王伟"}, "a:2": {"name": "李娜"}, "b:2": {"name": "李娜"}})
    assert clusters(lake) == parts("a:1 b:1", "a:2 b:2")
    households = lake.read("identity_households")
    assert households["household_id"].n_unique() == 1
    assert set(households["customer_id"]) == set(lake.customers().values())


def test_record_that_does_not_say_who_of_the_household_it_is_belongs_to_nobody_else(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "a:2": {"name": "李娜"}, "c:3": {}})
    assert clusters(lake) == parts("a:1", "a:2", "c:3")
    [reason] = lake.read("identity_refused_links").filter(right_source_record_key="c:3")["reason"].to_list()
    assert reason == "the right record is of one of 2 people who share it, and does not say which"


def test_record_without_a_name_belongs_to_the_only_holder(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "c:3": {}})
    assert clusters(lake) == parts("a:1 c:3")
    assert lake.read("identity_households").is_empty()


def test_other_evidence_still_joins_two_names(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "a:2": {"name": "David Smith"}})
    lake.add_points(
        [("a:1", "email", "w@shop.example"), ("a:2", "email", "w@shop.example"), ("a:1", "unionid", "u"), ("a:2", "unionid", "u")]
    )
    assert clusters(lake) == parts("a:1 a:2")


@pytest.mark.parametrize("other", ["王 伟", "王偉", "WANG Wei", "王为", "王先生"])
def test_spellings_of_one_name_are_one_holder(lake: SmallLake, other: str) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "b:2": {"name": other}})
    assert clusters(lake) == parts("a:1 b:2")


def test_sisters_whose_names_differ_by_a_character_are_two_people(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "张静依"}, "b:2": {"name": "张悦依"}})
    assert clusters(lake) == parts("a:1", "b:2")


def test_names_that_were_born_on_one_day_are_one_holder(lake: SmallLake) -> None:
    born = date(1985, 3, 4)
    tell(lake, {"a:1": {"name": "王丽", "born": born}, "b:2": {"name": "Lily Brown", "born": born}, "c:3": {}})
    assert clusters(lake) == parts("a:1 b:2 c:3")


def test_default_birthday_of_a_form_makes_nobody_one(lake: SmallLake) -> None:
    default = date(1990, 1, 1)
    tell(lake, {"a:1": {"name": "王伟", "born": default}, "b:2": {"name": "李娜", "born": default}})
    crowd = [{"source_record_key": f"z:{n}", "full_name": f"z{n}", "birth_on": default} for n in range(60)]
    lake.add("channel_profiles", crowd)
    assert parts("a:1", "b:2") <= clusters(lake)


def test_number_that_was_silent_and_came_back_with_another_name_has_two_owners(lake: SmallLake) -> None:
    tell(
        lake,
        {
            "a:1": {"name": "王伟", "until": 20},
            "c:1": {"seen": 5},
            "a:2": {"name": "李娜", "seen": 130},
            "c:2": {"seen": 140, "until": 200},
        },
    )
    assert clusters(lake) == parts("a:1 c:1", "a:2 c:2")
    owners = lake.read("identity_ownerships")
    assert owners.select("owner_no", "valid_from_at", "valid_to_at", "source_record_count").rows() == [
        (1, SEEN, later(130), 2),
        (2, later(130), None, 2),
    ]
    assert lake.read("identity_households").is_empty()


def test_number_that_was_silent_and_came_back_with_another_account_has_two_owners(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"until": 20}, "c:1": {"seen": 5}, "a:2": {"seen": 130}, "c:2": {"seen": 140}})
    lake.add_points([("a:1", "user_id", "u1"), ("a:2", "user_id", "u2")])
    assert clusters(lake) == parts("a:1 c:1", "a:2 c:2")


@pytest.mark.parametrize(("silent", "owners"), [(90, 1), (91, 2)])
def test_silence_counts_from_the_day_after_the_limit(lake: SmallLake, silent: int, owners: int) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "c:1": {}, "a:2": {"name": "李娜", "seen": silent}})
    clusters(lake)
    assert lake.read("identity_ownerships").height == (owners if owners > 1 else 0)
    assert lake.read("identity_households").height == (0 if owners > 1 else 3)


def test_number_that_comes_back_with_the_same_name_has_one_owner(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "b:1": {"name": "王伟", "seen": 200}, "c:1": {"seen": 210}})
    assert clusters(lake) == parts("a:1 b:1 c:1")


def test_length_of_the_silence_is_configuration(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "c:1": {"seen": 30}, "a:2": {"name": "李娜", "seen": 61}})
    assert clusters(lake, silent_days=29) == parts("a:1", "c:1", "a:2")
    assert clusters(lake, silent_days=30) == parts("a:1 c:1", "a:2")


def test_account_that_names_several_people_joins_nobody_by_what_it_shares(lake: SmallLake) -> None:
    for number, name in enumerate(("王伟", "李娜")):
        lake.add("channel_profiles", [{"source_record_key": "shop:family", "full_name": name}])
        lake.add_points([("shop:family", "phone", f"1371234560{number}"), (f"a:{number}", "phone", f"1371234560{number}")])
    assert clusters(lake) == parts("shop:family", "a:0", "a:1")
    reasons = lake.read("identity_refused_links")["reason"].to_list()
    assert reasons == ["the right record names 2 people, none of them usually"] * 2


def test_phone_given_beside_the_name_of_somebody_else_is_not_the_buyers(lake: SmallLake) -> None:
    rows = [("王伟", "13712345601")] * 4 + [("李娜", "13712345602")]
    names = [{"source_record_key": "taobao:w", "full_name": name} for name, _ in rows]
    points = [{"source_record_key": "taobao:w", "type": "phone", "scope": "global", "value_raw": phone} for _, phone in rows]
    load = lake.add("channel_profiles", names)
    lake.add("channel_contact_points", [point | {"_load_id": load} for point in points])
    lake.add_points([("a:w", "phone", "13712345601"), ("a:l", "phone", "13712345602")])
    assert clusters(lake) == parts("taobao:w a:w", "a:l")


def test_one_name_in_two_spellings_makes_no_account_of_a_record(lake: SmallLake) -> None:
    lake.add("channel_profiles", [{"source_record_key": "shop:w", "full_name": name} for name in ("王伟", "Wang Wei")])
    lake.add_points([("shop:w", "phone", FAMILY), ("a:w", "phone", FAMILY)])
    assert clusters(lake) == parts("a:w shop:w")


def test_households_that_share_a_member_are_one(lake: SmallLake) -> None:
    tell(lake, {"a:1": {"name": "王伟"}, "a:2": {"name": "李娜"}})
    tell(lake, {"b:2": {"name": "李娜"}, "b:3": {"name": "张强"}}, phone="13712345602")
    lake.add_points([("a:2", "email", "l@shop.example"), ("b:2", "email", "l@shop.example")])
    assert clusters(lake) == parts("a:1", "a:2 b:2", "b:3")
    assert lake.read("identity_households")["household_id"].n_unique() == 1
    assert lake.read("identity_households").height == 3
