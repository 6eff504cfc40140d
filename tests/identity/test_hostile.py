"""Identifiers that are meant to break things: everything ends in a table, nothing in a crash, nobody is fused by them."""

from __future__ import annotations

import pytest

from pipelines.identity import resolve_identity
from tests.identity.lake import SmallLake


def test_every_record_with_one_phone_is_nobodys_phone(lake: SmallLake) -> None:
    lake.add_points([(f"a:{n}", "phone", "13712345601") for n in range(500)])
    report = resolve_identity(lake.run())
    assert (report.customers, report.largest_cluster) == (500, 1)
    assert lake.read("identity_rejected_values")["source_record_count"].to_list() == [500]


def test_channel_that_says_nothing_of_anybody_is_customers_without_links(lake: SmallLake) -> None:
    lake.add("channel_profiles", [{"source_record_key": f"a:{n}", "full_name": None} for n in range(5)])
    assert resolve_identity(lake.run()).customers == 5


@pytest.mark.parametrize(
    "value",
    [
        "9" * 1_000_000,
        "a" * 1_000_000 + "@shop.example",
        "id\0with\0nul",
        "\u202e13712345601\u202c",
        "\u2067id\u2069",
        "=HYPERLINK(1)",
        "'; drop table records; --",
        "{0} {kind_id} %s $$",
        "\ud7ff\uffff",
        "🧑\u200d🤝\u200d🧑" * 50,
    ],
)
@pytest.mark.parametrize("kind", ["phone", "email", "member_id", "openid"])
def test_hostile_value_is_told_and_fuses_no_strangers(lake: SmallLake, kind: str, value: str) -> None:
    lake.add_points([("a:1", kind, value), ("a:1", "email", "a@shop.example"), ("b:1", "email", "b@shop.example")])
    resolve_identity(lake.run())
    assert lake.clusters() == {frozenset({"a:1"}), frozenset({"b:1"})}
    told = lake.read("identity_contact_points").filter(source_record_key="a:1", type=kind)
    assert told.height == 1 or kind == "email"
    assert told["value"].str.len_bytes().max() <= 1024


@pytest.mark.parametrize("name", ["", " ", "\0", "\u202e伟王", "王" * 100_000, "=1+1", "{a}", "'", "🧑", "%", "王\n伟"])
def test_hostile_name_breaks_nothing(lake: SmallLake, name: str) -> None:
    lake.add_points([("a:1", "phone", "13712345601"), ("b:1", "phone", "13712345601")])
    lake.add("channel_profiles", [{"source_record_key": "a:1", "full_name": name}, {"source_record_key": "b:1", "full_name": "李娜"}])
    assert resolve_identity(lake.run()).customers in {1, 2}
