"""One person explained: every part told is what the tables of the run say, and nothing personal is told unasked."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import networkx as nx
import polars as pl
import pytest

from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run, last_run, write_run_tables
from pipelines.contracts.storage import write_table
from pipelines.golden import build_golden
from pipelines.identity import resolve_identity
from pipelines.identity.explanation import explain
from pipelines.identity.explanation_parts import Explanation, Identifier, Person
from tests.identity.lake import DAY, REFERENCE, SEEN, Point, SmallLake, later

PHONE, OTHER_PHONE = "13712345670", "13712345671"
MAIL = "li.ming@example.com"
NAME = "李明明"


@pytest.fixture
def lake(tmp_path: Path) -> SmallLake:
    """With a reference folder of its own, so that decisions can be written."""
    reference = tmp_path / "reference"
    reference.mkdir()
    for path in REFERENCE.glob("*.csv"):
        (reference / path.name).write_bytes(path.read_bytes())
    return SmallLake(tmp_path / "home", reference)


def resolved(lake: SmallLake, as_of: date = DAY, **identity: Any) -> Run:
    run = lake.run(as_of, **identity)
    resolve_identity(run)
    build_golden(run)
    return run


def person(run: Run, asked: str, **options: Any) -> Person:
    found = explain(run, asked, **{"reveal": True} | options).person
    assert found is not None
    return found


def keys_of(person: Person) -> list[str]:
    return [member.source_record_key for member in person.members]


def identifiers(person: Person) -> dict[tuple[str, str, str], Identifier]:
    return {(member.source_record_key, one.type, one.value): one for member in person.members for one in member.identifiers}


def put(lake: SmallLake, name: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """A table that another step writes."""
    folder = lake.home.table(name)
    folder.mkdir(parents=True, exist_ok=True)
    pl.DataFrame(list(rows)).write_parquet(folder / "part-0.parquet")


def decide(lake: SmallLake, *lines: str) -> None:
    header = "decision,left_source_record_key,right_source_record_key,author,reason,decided_on,expires_on"
    (lake.reference / "identity_decisions.csv").write_text("\n".join((header, *lines, "")))


def three(lake: SmallLake) -> Run:
    """taobao:a - phone - youzan:b - e-mail - shopify:c."""
    lake.add_points([("taobao:a", "phone", PHONE)], first_seen_at=later(0))
    lake.add_points([("youzan:b", "phone", "+86 " + PHONE), ("youzan:b", "email", MAIL)], first_seen_at=later(1), last_seen_at=later(3))
    lake.add_points([("shopify:c", "email", MAIL.upper())], first_seen_at=later(2))
    return resolved(lake)


def test_customer_is_found_by_id_record_phone_and_mail_in_any_dress(lake: SmallLake) -> None:
    run = three(lake)
    customer = lake.customers()["taobao:a"]
    for asked in (customer, "youzan:b", PHONE, "+86 137-1234-5670", "1371234\u30005670", MAIL, " Li.Ming@EXAMPLE.com "):
        assert keys_of(person(run, asked)) == ["taobao:a", "youzan:b", "shopify:c"], asked


def test_other_identifiers_are_found_too(lake: SmallLake) -> None:
    lake.add_points([("siss:1", "member_id", "M88001")])
    assert keys_of(person(resolved(lake), "M88001")) == ["siss:1"]


def test_chains_name_each_step(lake: SmallLake) -> None:
    found = person(three(lake), PHONE)
    assert [[(step.left_no, step.type, step.value, step.right_no) for step in chain.steps or []] for chain in found.chains] == [
        [(1, "phone", "+86" + PHONE, 2)],
        [(1, "phone", "+86" + PHONE, 2), (2, "email", MAIL, 3)],
    ]


def test_chain_between_two_members_named_by_key_or_number(lake: SmallLake) -> None:
    run = three(lake)
    for between in (("shopify:c", "taobao:a"), ("3", "1"), ("3", "taobao:a")):
        [chain] = person(run, PHONE, between=between).chains
        assert (chain.from_no, chain.to_no) == (3, 1)
        assert [(step.left_no, step.type, step.right_no) for step in chain.steps or []] == [(3, "email", 2), (2, "phone", 1)]


def test_chain_to_nobody_is_wrong_use(lake: SmallLake) -> None:
    lake.add_points([("taobao:y", "email", "y@qq.com"), ("taobao:z", "email", "z@qq.com")])
    run = three(lake)
    for nobody in ("4", "0", f"x:{OTHER_PHONE}", ""):
        with pytest.raises(ConfigurationError, match=r"is no source record on that day.*by number from 1 to 3") as caught:
            explain(run, PHONE, between=("1", nobody))
        assert OTHER_PHONE not in str(caught.value)
    with pytest.raises(ConfigurationError, match="neither record is a member of this customer"):
        explain(run, PHONE, between=("taobao:y", "taobao:z"))


def test_what_two_customers_share_and_why_they_are_not_one(lake: SmallLake) -> None:
    """Of each customer any record may hold it: what was asked for is why the people are two, not the records."""
    lake.add_points([(key, "phone", PHONE) for key in ("siss:1", "siss:2", "taobao:a")])
    lake.add_points([("siss:1", "member_id", "M1"), ("siss:2", "member_id", "M2"), ("shopify:c", "member_id", "M2")])
    for raw in ("13800138000", "138****1234", OTHER_PHONE):
        lake.add_points([("taobao:a", "phone", raw), ("shopify:c", "phone", raw)])
    lake.add_points([("shopify:c", "email", MAIL), ("x:9", "email", "x9@qq.com")])
    run = resolved(lake)
    held = {"left_source_record_key": "shopify:c", "right_source_record_key": "taobao:a", "reason": "a bridge"}
    put(lake, "identity_review", [held | {"type": "phone", "scope": "global", "value": "+86" + OTHER_PHONE}])
    refused = lake.read("identity_refused_links")
    put(lake, "identity_refused_links", refused.filter(pl.col("value") != "+86" + OTHER_PHONE).to_dicts())
    for between in (("siss:1", "shopify:c"), ("shopify:c", "siss:1")):
        found = person(run, "siss:1", between=between)
        assert found.chains == []
        assert found.not_one is not None
        number = {member.source_record_key: member.no for member in found.members}
        told = found.not_one
        assert (told.no, told.other_source_record_key) == (number["siss:1"], "shopify:c")
        assert told.other_customer_id == lake.customers()["shopify:c"] == lake.customers()["siss:2"]
        assert [(one.value, one.why_not) for one in told.shared] == [
            ("+8613712345670", "refused: two different values of member_id in shop"),
            ("+8613712345671", "held back: a bridge"),
            ("+8613800138000", "static_list: service number of China Mobile; on 2 records"),
            ("138****1234", "digits or letters are hidden"),
        ]
    nothing = person(run, "siss:1", between=("siss:1", "x:9")).not_one
    assert nothing is not None
    assert nothing.shared == []


@pytest.mark.parametrize("seed", range(6))
def test_every_chain_is_as_short_as_the_shared_values_allow(lake: SmallLake, seed: int) -> None:
    """Links are stars of one center a value; the chains are measured against everybody who holds the value with everybody."""
    draw = random.Random(seed)
    points: list[Point] = []
    for n in range(60):
        points.append((f"taobao:{n:02d}", "phone", f"1371234{draw.randrange(30):04d}"))
        if draw.random() < 0.7:
            points.append((f"taobao:{n:02d}", "email", f"person{draw.randrange(25)}@qq.com"))
    lake.add_points(points)
    run = resolved(lake, max_strong_ids_per_value=99, max_names_per_value=99)
    held = lake.read("identity_contact_points").filter("is_accepted").group_by("type", "scope", "value").agg("source_record_key")
    graph = nx.Graph(pair for keys in held["source_record_key"].to_list() for pair in combinations(keys, 2))
    largest = max(lake.clusters(), key=len)
    found = person(run, min(largest))
    number = {member.no: member.source_record_key for member in found.members}
    assert set(number.values()) == largest
    lengths = nx.single_source_shortest_path_length(graph, number[1])
    assert len(found.chains) == len(largest) - 1
    assert {number[chain.to_no]: len(chain.steps or []) for chain in found.chains} == {
        key: lengths[key] for key in largest if key != number[1]
    }
    held_by = identifiers(found)
    for step in (step for chain in found.chains for step in chain.steps or []):
        assert {(number[no], step.type, step.value) for no in (step.left_no, step.right_no)} <= held_by.keys()


def test_members_are_told_with_their_values_and_the_rows_that_prove_them(lake: SmallLake) -> None:
    run = three(lake)
    ledger = pl.DataFrame({"load_id": [f"{2:016x}"], "file_path": ["2026-04-01/orders.csv"]})
    write_table(
        pl.concat([ledger, pl.DataFrame(schema=CHANNEL_LOADS.schema)], how="diagonal"),
        CHANNEL_LOADS,
        lake.home.table("channel_loads") / "part-0.parquet",
    )
    found = person(run, PHONE)
    [_, second, third] = found.members
    assert (second.no, second.channel, second.first_seen_at, second.member_since_on) == (2, "youzan", later(1), DAY)
    assert [(one.type, one.value, one.state, one.is_accepted, one.why_not) for one in second.identifiers] == [
        ("email", MAIL, "real", True, None),
        ("phone", "+86" + PHONE, "real", True, None),
    ]
    assert (second.identifiers[1].first_seen_at, second.identifiers[1].last_seen_at) == (later(1), later(3))
    assert (second.identifiers[1].proof.file_path, second.identifiers[1].proof.line) == ("2026-04-01/orders.csv", 2)
    assert (third.identifiers[0].proof.file_path, third.identifiers[0].proof.load_id) == (None, f"{3:016x}")


def test_values_that_link_nobody_say_why(lake: SmallLake) -> None:
    lake.add_points(
        [("x:1", "phone", raw) for raw in ("138****1234", "18400001234-5678", "1.38E+10", "12", "13800138000")]
        + [("x:2", "phone", "13800138000")]
        + [("y:9", "email", f"person{n}@qq.com") for n in range(7)]
        + [("x:1", "email", "person0@qq.com")]
    )
    found = person(resolved(lake), "x:1")
    why = {one.value: (one.state, one.why_not) for one in identifiers(found).values()}
    assert why["138****1234"] == ("masked", "digits or letters are hidden")
    assert why["18400001234-5678"] == ("virtual", "a relay that ends with its order")
    assert why["1.38E+10"] == ("lossy", "syntax: digits were lost before delivery; on 1 record")
    assert why["12"] == ("invalid", "syntax: not a valid value; on 1 record")
    assert why["+8613800138000"] == ("real", "static_list: service number of China Mobile; on 2 records")
    assert why["person0@qq.com"] == ("real", None)
    crowded = identifiers(person(resolved(lake), "y:9"))[("y:9", "email", "person0@qq.com")]
    assert (crowded.is_accepted, crowded.why_not) == (False, "the right record holds 7 values of email, more than 5")


def test_refused_link_says_whom_it_would_have_joined(lake: SmallLake) -> None:
    lake.add_points([(key, "phone", PHONE) for key in ("siss:1", "siss:2", "taobao:a")])
    lake.add_points([("siss:1", "member_id", "M1"), ("siss:2", "member_id", "M2")])
    run = resolved(lake)
    [refused] = person(run, "siss:1").refused_links
    other = lake.customers()["siss:2"]
    assert (refused.no, refused.other_source_record_key, refused.other_no) == (1, "siss:2", None)
    assert (refused.other_customer_id, refused.other_source_record_count) == (other, 1)
    assert (refused.type, refused.value, refused.reason) == ("phone", "+86" + PHONE, "two different values of member_id in shop")
    [other_side] = person(run, "siss:2").refused_links
    assert (other_side.other_source_record_key, other_side.other_source_record_count) == ("siss:1", 2)


def test_value_of_several_customers_tells_of_its_holders(lake: SmallLake) -> None:
    lake.add_points([("x:1", "phone", "13800138000"), ("x:2", "phone", "13800138000"), ("x:2", "email", MAIL), ("x:3", "email", MAIL)])
    lake.add_points([("x:3", "phone", "138 0013 8000")], first_seen_at=later(1), last_seen_at=later(5))
    explanation = explain(resolved(lake), "13800138000")
    assert explanation.person is None
    [value] = explanation.values
    customers = lake.customers()
    assert (value.type, value.states, value.why_not) == (
        "phone",
        ["real"],
        "static_list: service number of China Mobile; on 3 records",
    )
    assert [(holder.customer_id, holder.source_record_count, holder.last_seen_at) for holder in value.holders] == [
        (customers["x:2"], 2, later(5)),
        (customers["x:1"], 1, SEEN),
    ]


def test_golden_record_is_told_with_the_row_of_each_field(lake: SmallLake) -> None:
    three(lake)
    profile = {"source_record_key": "youzan:b", "full_name": NAME, "gender": "female", "birth_on": date(1990, 5, 1), "_source_row": 17}
    load_id = lake.add("channel_profiles", [profile | {"last_seen_at": later(4)}])
    run = resolved(lake)
    shown = {field.field: field for field in person(run, PHONE).golden}
    assert (shown["full_name"].value, shown["full_name"].no, shown["full_name"].claimed_at) == (NAME, 2, later(4))
    assert (shown["full_name"].proof.load_id, shown["full_name"].proof.line) == (load_id, 17)
    assert (shown["birth_on"].value, shown["phone_e164"].value) == ("1990-05-01", "+86" + PHONE)
    masked = {field.field: field.value for field in person(run, PHONE, reveal=False).golden}
    assert (masked["full_name"], masked["gender"], masked["phone_e164"]) == ("李***", "female", "+86***70")
    assert "1990" not in masked["birth_on"]


def merged(lake: SmallLake) -> tuple[str, str]:
    """Two customers on DAY, one on the day after: the id that stays and the id that led there."""
    lake.add_points([("taobao:a", "phone", PHONE), ("youzan:b", "phone", PHONE), ("shopify:c", "email", MAIL)])
    resolved(lake)
    kept, lost = lake.customers()["taobao:a"], lake.customers()["shopify:c"]
    lake.add_points([("youzan:b", "email", MAIL)], first_seen_at=later(31), last_seen_at=later(31))
    return kept, lost


def test_old_id_leads_to_the_customer_of_today(lake: SmallLake) -> None:
    kept, lost = merged(lake)
    run = resolved(lake, DAY + timedelta(days=1))
    found = person(run, lost)
    assert (found.customer_id, found.redirected_from) == (kept, [lost])
    assert {(row.as_of - DAY, row.change, row.customer_id, row.other_customer_id, row.source_record_count) for row in found.history} == {
        (timedelta(0), "created", kept, "", 2),
        (timedelta(0), "created", lost, "", 1),
        (timedelta(1), "merged", kept, lost, 1),
        (timedelta(1), "redirected", lost, kept, 1),
    }


def test_redirects_are_followed_to_the_end(lake: SmallLake) -> None:
    run = three(lake)
    today = person(run, PHONE).customer_id
    changes = [
        {"as_of": DAY, "change": "redirected", "customer_id": old, "other_customer_id": new, "source_record_count": 1}
        for old, new in (("c_a", "c_b"), ("c_b", today), ("c_x", "c_y"), ("c_y", "c_x"))
    ]
    put(lake, "identity_changes", changes)
    assert person(run, "c_a").redirected_from == ["c_b", "c_a"]
    with pytest.raises(ConfigurationError, match="is no customer"):
        explain(run, "c_x")


def test_run_for_a_day_in_the_past_knows_the_ids_of_that_day(lake: SmallLake) -> None:
    kept, lost = merged(lake)
    resolved(lake, DAY + timedelta(days=1))
    run = resolved(lake)
    assert lake.customers()["shopify:c"] == lost
    assert (person(run, lost).customer_id, person(run, lost).redirected_from) == (lost, [])
    assert person(run, kept).customer_id == kept


def test_who_was_who_on_a_day(lake: SmallLake) -> None:
    kept, lost = merged(lake)
    run = resolved(lake, DAY + timedelta(days=3))
    before = person(run, lost, on=DAY + timedelta(days=2))
    assert (before.customer_id, keys_of(before), before.redirected_from) == (lost, ["shopify:c"], [])
    assert before.now == {kept: 1}
    assert [row.change for row in before.history] == ["created"]
    assert person(run, kept, on=DAY).now == {kept: 2}
    assert [one.type for member in person(run, kept, on=DAY).members for one in member.identifiers] == ["phone", "phone"]
    after = person(run, lost, on=DAY + timedelta(days=3))
    assert (after.customer_id, len(after.members), after.now) == (kept, 3, {kept: 3})


def test_records_that_were_together_and_are_not_any_more_have_no_chain(lake: SmallLake) -> None:
    lake.add_points([("siss:1", "phone", PHONE), ("siss:2", "phone", PHONE)])
    resolved(lake)
    together = lake.customers()["siss:1"]
    lake.add_points([("siss:1", "member_id", "M1"), ("siss:2", "member_id", "M2")], first_seen_at=later(31), last_seen_at=later(31))
    run = resolved(lake, DAY + timedelta(days=1))
    found = person(run, together, on=DAY)
    assert [chain.steps for chain in found.chains] == [None]
    assert found.now == dict.fromkeys(lake.customers().values(), 1)
    assert [row.other_no for row in found.refused_links] == [2]


def test_days_that_are_not_known(lake: SmallLake) -> None:
    run = three(lake)
    for days, what in ((-1, r"is no customer, source record or identifier on .* --as-of"), (2, r"nothing is known of .* yet")):
        with pytest.raises(ConfigurationError, match=what):
            explain(run, lake.customers()["taobao:a"], on=DAY + timedelta(days=days))


def test_what_is_not_found_is_named_masked(lake: SmallLake) -> None:
    run = three(lake)
    wild = ("", " ", "\0", "\u202e" + OTHER_PHONE, "9" * 1_000_000)
    for asked in (OTHER_PHONE, "nobody@example.com", "138****5678", f"youzan:{OTHER_PHONE}", *wild):
        with pytest.raises(ConfigurationError, match="is no customer, source record or identifier in the run for") as caught:
            explain(run, asked)
        told = str(caught.value)
        assert OTHER_PHONE not in told
        assert "nobody@" not in told
        assert len(told) < 400
        assert ("as a phone it is masked, not real" in told) == (asked == "138****5678")


def test_nothing_personal_is_told_unless_it_is_revealed(lake: SmallLake) -> None:
    key = f"youzan:{PHONE}"
    lake.add_points([(key, "phone", PHONE), ("shopify:" + MAIL, "phone", PHONE), ("shopify:" + MAIL, "email", MAIL)])
    lake.add_points([("siss:1", "phone", PHONE), ("siss:1", "member_id", "MEMBER-1"), (key, "member_id", "MEMBER-2")])
    lake.add("channel_profiles", [{"source_record_key": key, "full_name": NAME, "address": "文三路1号", "birth_on": date(1990, 5, 1)}])
    decide(lake, f"must_link,{key},shopify:{MAIL},ann,called from {PHONE},2026-01-01,")
    run = resolved(lake)
    secrets = (PHONE, MAIL, NAME, "MEMBER-2", "文三路", "1990-05-01")
    told = json.dumps(dataclasses.asdict(explain(run, key)), ensure_ascii=False, default=str)
    assert [secret for secret in secrets if secret in told] == []
    revealed = json.dumps(dataclasses.asdict(explain(run, key, reveal=True)), ensure_ascii=False, default=str)
    assert [secret for secret in secrets if secret not in revealed] == []


def test_decisions_that_name_a_member_are_told(lake: SmallLake) -> None:
    decide(
        lake,
        "must_link,taobao:a,youzan:b,ann,same address,2026-01-01,2026-02-01",
        "cannot_link,shopify:c,zzz:9,bob,he said so,2026-04-30,",
        "must_link,q:1,q:2,ann,others,2026-01-01,",
    )
    found = person(three(lake), PHONE)
    assert found.decisions_problem is None
    told = [(row.line, row.decision, row.left_no, row.right_no, row.right_source_record_key, row.is_effective) for row in found.decisions]
    assert told == [(2, "must_link", 1, 2, "youzan:b", False), (3, "cannot_link", 3, None, "zzz:9", True)]
    assert (found.decisions[1].author, found.decisions[1].reason) == ("bob", "he said so")


def test_decisions_that_cannot_be_used_are_told_and_do_not_hide_the_person(lake: SmallLake) -> None:
    """They stop the next run; whoever mends them needs to see whom they speak of."""
    run = three(lake)
    decide(lake, "must_link,taobao:a,youzan:b,ann,r,2026-01-01,", "cannot_link,taobao:a,youzan:b,bob,r,2026-01-01,")
    found = person(run, PHONE)
    assert len(found.members) == 3
    assert found.decisions == []
    assert "line 3: says cannot_link where line 2 says must_link" in (found.decisions_problem or "")


def test_links_of_decisions_and_matches_are_steps_of_their_own(lake: SmallLake) -> None:
    """All matches have the same empty value: that is no value that all of them hold."""
    run = three(lake)
    customer = lake.customers()["taobao:a"]
    columns = ("left_source_record_key", "right_source_record_key", "type", "scope", "value", "rank")
    rows = [
        ("shopify:c", "youzan:b", "match", "global", "", 9),
        ("shopify:c", "taobao:z", "match", "global", "", 9),
        ("taobao:a", "taobao:z", "decision", "must_link", "ann, 2026-01-01", 0),
    ]
    put(lake, "identity_links", [dict(zip(columns, row, strict=True)) for row in rows])
    current = lake.read("identity_current")
    put(
        lake,
        "identity_current",
        [*current.to_dicts(), current.to_dicts()[0] | {"source_record_key": "taobao:z", "first_seen_at": later(9)}],
    )
    found = person(run, customer, between=("taobao:a", "youzan:b"))
    assert keys_of(found) == ["taobao:a", "youzan:b", "shopify:c", "taobao:z"]
    [chain] = found.chains
    assert [(step.left_no, step.type, step.value, step.right_no) for step in chain.steps or []] == [
        (1, "decision", "ann, 2026-01-01", 4),
        (4, "match", "", 3),
        (3, "match", "", 2),
    ]


def test_owners_households_and_links_held_back_are_told_where_the_tables_exist(lake: SmallLake) -> None:
    run = three(lake)
    bare = person(run, PHONE)
    assert (bare.ownerships, bare.households, bare.held_back_links) == ([], [], [])
    point = {"type": "phone", "scope": "global", "value": "+86" + PHONE}
    owner = {"owner_no": 1, "valid_from_at": later(0), "valid_to_at": later(9), "source_record_count": 2}
    put(
        lake,
        "identity_ownerships",
        [
            point | owner,
            point | owner | {"owner_no": 2, "valid_from_at": later(9), "valid_to_at": None},
            point | owner | {"value": "+86" + OTHER_PHONE},
        ],
    )
    households = [("h_1", bare.customer_id), ("h_1", "c_other"), ("h_2", "c_other")]
    put(lake, "identity_households", [{"household_id": home, "customer_id": customer} for home, customer in households])
    held = {"left_source_record_key": "siss:1", "right_source_record_key": "youzan:b", "reason": "a bridge"}
    counts = {"left_source_record_count": 40, "right_source_record_count": 3}
    put(lake, "identity_review", [held | point | counts])
    found = person(run, PHONE)
    assert [(row.owner_no, row.valid_from_at, row.valid_to_at) for row in found.ownerships] == [
        (1, later(0), later(9)),
        (2, later(9), None),
    ]
    assert [(row.household_id, row.customer_ids) for row in found.households] == [("h_1", sorted([bare.customer_id, "c_other"]))]
    [row] = found.held_back_links
    assert (row.no, row.other_source_record_key, row.other_source_record_count, row.reason) == (2, "siss:1", 40, "a bridge")


@pytest.mark.parametrize("key", ["x:\u202ekey\u200f", "x:a\0b", "x:" + "k" * 1_000_000, "x:=1+1", "x:' or true --"])
def test_hostile_key_is_explained(lake: SmallLake, key: str) -> None:
    lake.add_points([(key, "phone", PHONE), ("y:1", "phone", PHONE)])
    run = resolved(lake)
    assert set(keys_of(person(run, key))) == {key, "y:1"}
    assert len(json.dumps(dataclasses.asdict(explain(run, key)), default=str)) < 10_000


def test_home_without_a_run_says_so(tmp_path: Path, lake: SmallLake) -> None:
    with pytest.raises(ConfigurationError, match="no run has been here yet -> `cdp run`"):
        last_run(Home(tmp_path / "nowhere"), lake.run().config, REFERENCE)
    run = three(lake)
    write_run_tables(run)
    assert last_run(lake.home, run.config, lake.reference) == run


def test_explanation_is_the_same_every_time(lake: SmallLake) -> None:
    run = three(lake)
    first: Explanation = explain(run, PHONE)
    assert explain(run, PHONE) == first
