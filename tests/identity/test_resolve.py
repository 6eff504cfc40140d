"""The stage as a whole: what it sees, what it writes, and that neither order nor repetition matters."""

from __future__ import annotations

import random
from datetime import timedelta
from pathlib import Path

import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.channel_tables import CHANNEL_TABLES
from pipelines.contracts.engine import business_time
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.identity_tables import IDENTITY_TABLES
from pipelines.identity import resolve_identity
from tests.identity.lake import DAY, SEEN, Point, SmallLake, later

WHOLE = tuple(table.name for table in IDENTITY_TABLES)
PHONE = "13712345670"


def some_people(seed: int, people: int = 120) -> list[Point]:
    """Records with shared phones, families, cards, payments: every step of the stage has work."""
    draw = random.Random(seed)
    points: list[Point] = []
    for n in range(people):
        phone = f"137{n - n % 4 if draw.random() < 0.2 else n:08d}"
        for channel in ("taobao", "youzan", "siss", "shopify"):
            if draw.random() < 0.6:
                key = f"{channel}:{n}"
                points.append((key, "phone", phone if draw.random() < 0.9 else f"+86 {phone[:3]}-{phone[3:]}"))
                if channel == "siss":
                    points.append((key, "member_id", f"88{n}"))
                if channel == "shopify":
                    points.append((key, "email", f"u{n}@qq.com"))
                if channel in {"youzan", "shopify"} and draw.random() < 0.5:
                    points.append((key, "email", f"U{n}@qq.com"))
    return points


def test_every_record_named_anywhere_is_a_customer(lake: SmallLake) -> None:
    """Also those without a contact point: an order of a buyer who gave nothing still belongs to somebody."""
    expected = set()
    for table in CHANNEL_TABLES:
        if "source_record_key" in table.column_names:
            key = f"x:{table.name}"
            expected.add(key)
            fact = {business_time(table): SEEN, "type": "phone", "scope": "global", "value_raw": "?"}
            lake.add(table.name, [fact | {"source_record_key": key}, fact | {"source_record_key": None}])
    resolve_identity(lake.run())
    assert set(lake.customers()) == expected
    assert len(set(lake.customers().values())) == len(expected)


def test_fact_without_a_time_is_seen_by_its_export(lake: SmallLake) -> None:
    lake.add("channel_coupons", [{"source_record_key": "x:1"}], exported_at=later(1))
    lake.add("channel_coupons", [{"source_record_key": "x:2"}], exported_at=later(100))
    resolve_identity(lake.run())
    assert lake.read("identity_current").select("source_record_key", "first_seen_at").rows() == [("x:1", later(1))]


def test_run_sees_nothing_of_a_later_day(lake: SmallLake) -> None:
    run = lake.run()
    end, moment = run.as_of_end_at, timedelta(microseconds=1)
    lake.add("channel_orders", [{"source_record_key": "x:seen", "ordered_at": end - moment}], exported_at=run.exported_before_at - moment)
    lake.add("channel_orders", [{"source_record_key": "x:later", "ordered_at": end}])
    lake.add("channel_orders", [{"source_record_key": "x:exported_later", "ordered_at": SEEN}], exported_at=run.exported_before_at)
    lake.add_points([("x:seen", "phone", PHONE), ("x:point", "phone", PHONE)], first_seen_at=end, last_seen_at=end)
    resolve_identity(run)
    assert set(lake.customers()) == {"x:seen"}
    assert lake.read("identity_contact_points").height == 0


def test_contact_point_of_many_loads_is_one_row_with_its_earliest_proof(lake: SmallLake) -> None:
    def claim(raw: str, first: float, last: float, exported: float, **other: int) -> str:
        row = {"source_record_key": "x:1", "type": "phone", "scope": "global", "value_raw": raw}
        seen = {"first_seen_at": later(first), "last_seen_at": later(last)}
        return lake.add("channel_contact_points", [row | seen | other], exported_at=later(exported))

    claim(PHONE, 2, 9, exported=3)
    earliest = claim("+86" + PHONE, 1, 2, exported=5)
    claim(PHONE, 1, 4, exported=6)
    claim(PHONE, 1, 1, exported=6, _source_row=1)
    resolve_identity(lake.run())
    [row] = lake.read("identity_contact_points").rows(named=True)
    assert (row["first_seen_at"], row["last_seen_at"]) == (later(1), later(9))
    assert (row["_load_id"], row["_source_row"]) == (earliest, 2)


def test_blank_value_is_no_contact_point(lake: SmallLake) -> None:
    lake.add_points([("x:1", "phone", " "), ("x:2", "member_id", ""), ("x:3", "email", "'")])
    resolve_identity(lake.run())
    assert lake.read("identity_contact_points").height == 0
    assert set(lake.customers()) == {"x:1", "x:2", "x:3"}


def test_same_value_in_another_scope_is_another_value(lake: SmallLake) -> None:
    lake.add_points([("wechatpay:a", "openid", "oX")], scope="app1")
    lake.add_points([("wechat:b", "openid", "oX")], scope="app2")
    assert resolve_identity(lake.run()).customers == 2


def test_payment_number_ties_an_order_to_its_payer(lake: SmallLake) -> None:
    lake.add_points([("youzan:b", "payment_order_no", "4200001"), ("wechatpay:o", "payment_order_no", "4200001")])
    assert resolve_identity(lake.run()).customers == 1


def test_unknown_identifier_type_stops_the_run(lake: SmallLake) -> None:
    lake.add_points([("x:1", "oaid", "abc")])
    with pytest.raises(ConfigurationError, match="'oaid'"):
        resolve_identity(lake.run())


def test_link_is_refused_between_two_members_who_share_a_phone(lake: SmallLake) -> None:
    lake.add_points([(key, "phone", PHONE) for key in ("siss:1", "siss:2", "taobao:a")])
    lake.add_points([("siss:1", "member_id", "M1"), ("siss:2", "member_id", "M2")])
    report = resolve_identity(lake.run())
    assert lake.clusters() == {frozenset({"siss:1", "taobao:a"}), frozenset({"siss:2"})}
    assert report.refused_links == 1
    [row] = lake.read("identity_refused_links").rows(named=True)
    assert (row["left_source_record_key"], row["right_source_record_key"], row["rank"]) == ("siss:1", "siss:2", 8)
    assert row["reason"] == "two different values of member_id in shop"


def test_stronger_evidence_goes_first(lake: SmallLake) -> None:
    """The e-mail decides to which of two members the third record belongs, not the phone of the member with the smaller key."""
    lake.add_points([("siss:1", "phone", PHONE), ("shopify:c", "phone", PHONE)])
    lake.add_points([("siss:2", "email", "li@qq.com"), ("shopify:c", "email", "li@qq.com")])
    lake.add_points([("siss:1", "member_id", "M1"), ("siss:2", "member_id", "M2")])
    resolve_identity(lake.run())
    assert lake.clusters() == {frozenset({"siss:1"}), frozenset({"siss:2", "shopify:c"})}


def test_exclusive_types_are_those_of_the_configuration(lake: SmallLake) -> None:
    lake.add_points([(key, "phone", PHONE) for key in ("siss:1", "siss:2")])
    lake.add_points([("siss:1", "member_id", "M1"), ("siss:2", "member_id", "M2")])
    assert resolve_identity(lake.run(exclusive_types={"unionid"})).customers == 1


def test_links_connect_each_customer_and_nothing_else(lake: SmallLake) -> None:
    import networkx as nx

    lake.add_points(some_people(1))
    resolve_identity(lake.run())
    links = lake.read("identity_links")
    graph = nx.Graph(links.select("left_source_record_key", "right_source_record_key").rows())
    graph.add_nodes_from(lake.customers())
    assert {frozenset(part) for part in nx.connected_components(graph)} == lake.clusters()
    assert lake.read("identity_refused_links").height > 0


def test_tables_are_sorted_by_key_and_as_the_contract_says(lake: SmallLake) -> None:
    lake.add_points(some_people(2))
    resolve_identity(lake.run())
    for table in IDENTITY_TABLES:
        frame = lake.read(table.name)
        assert frame.schema == TABLES[table.name].schema, table.name
        keys = frame.select(table.key)
        assert keys.equals(keys.sort(table.key)), table.name
        assert not keys.is_duplicated().any(), table.name
        assert frame.select(table.required).null_count().sum_horizontal()[0] == 0, table.name


def test_result_does_not_depend_on_the_order_of_rows_and_files(tmp_path: Path) -> None:
    points = some_people(3)
    bytes_of = []
    for seed in range(3):
        shuffled = points * 2
        random.Random(seed).shuffle(shuffled)
        lake = SmallLake(tmp_path / str(seed))
        for part in range(0, len(shuffled), 60):
            # the same claims of the same load and line, whatever file they come in
            lake.add_points(shuffled[part : part + 60], _load_id="00ff", _source_row=7)
        resolve_identity(lake.run())
        bytes_of.append(lake.bytes_of(*WHOLE))
    assert bytes_of[0] == bytes_of[1] == bytes_of[2]


def test_run_of_the_same_day_again_gives_the_same_bytes(lake: SmallLake) -> None:
    lake.add_points(some_people(4))
    resolve_identity(lake.run())
    lake.add_points(some_people(5))
    first = resolve_identity(lake.run(DAY + timedelta(days=1)))
    before = lake.bytes_of(*WHOLE)
    assert resolve_identity(lake.run(DAY + timedelta(days=1))) == first
    assert lake.bytes_of(*WHOLE) == before


def test_empty_lake_gives_empty_tables(lake: SmallLake) -> None:
    report = resolve_identity(lake.run())
    assert (report.source_records, report.customers, report.largest_cluster) == (0, 0, 0)
    assert all(lake.read(name).height == 0 for name in WHOLE if name != "identity_quality")
    assert lake.read("identity_quality")["measured"].sum() == 0


def test_nothing_personal_is_in_the_report(lake: SmallLake) -> None:
    lake.add_points(some_people(6))
    assert "137" not in repr(resolve_identity(lake.run()))


def test_spill_folder_is_gone_after_the_run(lake: SmallLake) -> None:
    lake.add_points(some_people(7))
    resolve_identity(lake.run())
    assert not (lake.home.lake / "staging" / "identity").exists()
