"""What keeps a value from linking: placeholders, fan-out at its limits, shared cards and proxy buyers."""

from __future__ import annotations

import random
from pathlib import Path

import polars as pl
import pytest

from pipelines.contracts.errors import ConfigurationError
from pipelines.identity import resolve_identity
from tests.identity.lake import REFERENCE, SEEN, SmallLake

PHONE = "13712345670"
E164 = "+8613712345670"


def rejected(lake: SmallLake) -> dict[str, tuple[str, str]]:
    rows = lake.read("identity_rejected_values").select("value", "guard", "reason").iter_rows()
    return {value: (guard, reason) for value, guard, reason in rows}


def accepted(lake: SmallLake, value: str) -> set[bool]:
    return set(lake.read("identity_contact_points").filter(value=value)["is_accepted"])


@pytest.mark.parametrize("raw", ["138****1234", "18400001234-5678", "1.38E+10", "010-12345678", "t"])
def test_phone_that_is_not_real_is_never_a_link(lake: SmallLake, raw: str) -> None:
    lake.add_points([("taobao:a", "phone", raw), ("youzan:b", "phone", raw)])
    resolve_identity(lake.run())
    assert lake.clusters() == {frozenset({"taobao:a"}), frozenset({"youzan:b"})}
    assert set(lake.read("identity_contact_points")["is_accepted"]) == {False}


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("phone", "13800138000"),
        ("phone", "+86 138-0013-8000"),
        ("phone", "13900000000"),
        ("phone", "13333333333"),
        ("phone", "13712345678"),
        ("phone", "13787654321"),
        ("email", "test@qq.com"),
        ("email", "TEST@qq.com"),
        ("email", "k2jd8x@marketplace.amazon.com"),
        ("member_id", "NULL"),
        ("member_id", "0"),
        ("member_id", "000000"),
        ("openid", "undefined"),
        ("platform_account", "匿名"),
        ("platform_account", "xxxxxxx"),
    ],
)
def test_placeholder_is_never_a_link(lake: SmallLake, kind: str, value: str) -> None:
    lake.add_points([("taobao:a", kind, value), ("youzan:b", kind, value)])
    report = resolve_identity(lake.run())
    assert report.customers == 2
    assert report.rejected_values == {"static_list": 1}


@pytest.mark.parametrize(
    ("kind", "value"), [("phone", PHONE), ("email", "tested@qq.com"), ("member_id", "11"), ("member_id", "10"), ("openid", "nullah")]
)
def test_value_that_merely_resembles_a_placeholder_links(lake: SmallLake, kind: str, value: str) -> None:
    lake.add_points([("taobao:a", kind, value), ("youzan:b", kind, value)])
    assert resolve_identity(lake.run()).customers == 1


def test_list_of_placeholders_can_be_extended(tmp_path: Path) -> None:
    lake = SmallLake(tmp_path / "home", tmp_path)
    (tmp_path / "placeholder_values.csv").write_text("\ufefftype,value,reason\nphone,137-1234-5670,phone of the till\n", encoding="utf-8")
    lake.add_points([("taobao:a", "phone", PHONE), ("youzan:b", "phone", PHONE)])
    resolve_identity(lake.run())
    assert rejected(lake) == {E164: ("static_list", "phone of the till")}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (None, "no such file"),
        ("type,value\nphone,1\n", "columns"),
        ("type,value,reason\nfone,1,x\n", "line 2"),
        ("type,value,reason\nphone,13712345670,x\nphone,,x\n", "line 3"),
        ("", "cannot be read"),
    ],
)
def test_missing_or_malformed_list_stops_the_run_and_says_where(tmp_path: Path, text: str | None, complaint: str) -> None:
    lake = SmallLake(tmp_path / "home", tmp_path)
    if text is not None:
        (tmp_path / "placeholder_values.csv").write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=complaint) as error:
        resolve_identity(lake.run())
    assert "placeholder_values.csv" in str(error.value)


def test_shipped_list_says_nothing_twice() -> None:
    listed = pl.read_csv(REFERENCE / "placeholder_values.csv", infer_schema=False)
    assert listed.select("type", "value").is_duplicated().sum() == 0


@pytest.mark.parametrize(("accounts", "customers"), [(3, 1), (4, 4)])
def test_phone_of_more_accounts_of_one_channel_than_allowed_is_no_identity(lake: SmallLake, accounts: int, customers: int) -> None:
    lake.add_points([(f"taobao:a{n}", "phone", PHONE) for n in range(accounts)])
    assert resolve_identity(lake.run()).customers == customers
    assert bool(rejected(lake)) == (customers > 1)


def test_accounts_of_different_channels_do_not_add_up(lake: SmallLake) -> None:
    lake.add_points([(f"{channel}:{n}", "phone", PHONE) for channel in ("taobao", "youzan", "siss", "shopify") for n in range(3)])
    assert resolve_identity(lake.run()).customers == 1


@pytest.mark.parametrize(("names", "customers"), [(5, 1), (6, 6)])
def test_phone_of_more_names_than_allowed_is_no_identity(lake: SmallLake, names: int, customers: int) -> None:
    channels = ("taobao", "youzan", "siss")
    keys = [f"{channels[n % 3]}:{n}" for n in range(names)]
    lake.add_points([(key, "phone", PHONE) for key in keys])
    lake.add("channel_profiles", [{"source_record_key": key, "full_name": f"王 {n}"} for n, key in enumerate(keys)])
    lake.add("channel_profiles", [{"source_record_key": key, "full_name": f"王{n}"} for n, key in enumerate(keys)])
    assert resolve_identity(lake.run()).customers == customers
    if customers > 1:
        assert rejected(lake) == {E164: ("fan_out", "6 names, more than 5")}


@pytest.mark.parametrize(("ids", "customers"), [(3, 1), (4, 2)])
def test_phone_of_more_member_ids_than_allowed_is_no_identity(lake: SmallLake, ids: int, customers: int) -> None:
    lake.add_points([("taobao:a", "phone", PHONE), ("siss:b", "phone", PHONE)])
    lake.add_points([("siss:b", "member_id", f"M{n}") for n in range(ids)])
    assert resolve_identity(lake.run(max_values_per_record=9)).customers == customers


def test_one_person_with_several_phones_and_emails_is_one_customer(lake: SmallLake) -> None:
    lake.add_points([("taobao:a", "phone", PHONE), ("taobao:a", "phone", "13712345671"), ("youzan:b", "phone", "13712345671")])
    lake.add_points([("youzan:b", "email", "a@qq.com"), ("youzan:b", "email", "b@qq.com"), ("shopify:c", "email", "b@qq.com")])
    assert resolve_identity(lake.run()).customers == 1


def test_orders_of_unknown_buyers_are_no_accounts(lake: SmallLake) -> None:
    keys = [f"pdd:{n}" for n in range(6)]
    orders = [{"order_key": key, "source_record_key": key, "order_no": key, "ordered_at": SEEN, "status": "paid"} for key in keys]
    lake.add("channel_orders", orders)
    lake.add_points([(key, "phone", PHONE) for key in keys])
    assert resolve_identity(lake.run()).customers == 1


def test_devices_that_were_told_one_email_are_no_accounts(lake: SmallLake) -> None:
    """Browsers forget their visitors every week: a good customer has a dozen anonymous ids."""
    keys = [f"segment:anon/{n}" for n in range(6)]
    lake.add("channel_events", [{"source_record_key": key, "anonymous_id": key.split("/")[1], "occurred_at": SEEN} for key in keys])
    lake.add_points([(key, "email", "li@qq.com") for key in keys])
    assert resolve_identity(lake.run()).customers == 1


def test_guests_known_by_email_alone_are_no_accounts(lake: SmallLake) -> None:
    for n in range(2):
        mail = f"Li{n}@qq.com"
        lake.add_points([(f"shopify:{mail}", "email", mail), (f"shopify:{mail}", "phone", PHONE)])
        lake.add_points([(f"shopify:700{n}", "email", mail), (f"shopify:700{n}", "phone", PHONE)])
    assert resolve_identity(lake.run()).customers == 1


def test_payments_of_one_card_and_one_payer_are_one_customer(lake: SmallLake) -> None:
    lake.add_points([(key, "payment_order_no", f"42{n}") for n in range(40) for key in ("siss:card", "wechatpay:o1")])
    assert resolve_identity(lake.run()).customers == 1


def test_walk_in_card_does_not_join_its_payers(lake: SmallLake) -> None:
    lake.add_points([("siss:880", "member_id", "880"), ("youzan:y", "member_id", "880")])
    lake.add_points([(key, "payment_order_no", f"42{n}") for n in range(30) for key in ("siss:880", f"wechatpay:o{n}")])
    report = resolve_identity(lake.run())
    assert report.customers == 31
    assert report.largest_cluster == 2
    refused = lake.read("identity_refused_links")
    assert refused.height == 30
    assert set(refused["reason"]) == {"the left record is paid for by 30 accounts of one channel, more than 5"}


def test_walk_in_card_does_not_join_the_phones_written_on_its_receipts(lake: SmallLake) -> None:
    phones = [f"137123456{n:02d}" for n in range(10, 40)]
    lake.add_points([("siss:880", "phone", phone) for phone in phones])
    lake.add_points([(f"youzan:{n}", "phone", phone) for n, phone in enumerate(phones)])
    report = resolve_identity(lake.run())
    assert report.largest_cluster == 1
    assert accepted(lake, "+86" + phones[0]) == {True, False}


@pytest.mark.parametrize(("phones", "customers"), [(5, 1), (6, 7)])
def test_record_with_more_phones_than_allowed_is_not_tied_by_them(lake: SmallLake, phones: int, customers: int) -> None:
    lake.add_points([("jd:proxy", "phone", f"1371234567{n}") for n in range(phones)])
    lake.add_points([(f"youzan:{n}", "phone", f"1371234567{n}") for n in range(phones)])
    assert resolve_identity(lake.run()).customers == customers


def test_poison_phone_on_some_records_does_not_grow_the_largest_cluster(lake: SmallLake) -> None:
    draw = random.Random(3)
    people = [
        (f"{channel}:{n}", "phone", f"137{n:08d}") for n in range(4000) for channel in ("taobao", "youzan", "siss") if draw.random() < 0.7
    ]
    lake.add_points(people)
    clean = resolve_identity(lake.run())
    for poison in ("18912340567", "13800138000"):
        lake.add_points([(key, "phone", poison) for key, _, _ in people if draw.random() < 0.002])
    report = resolve_identity(lake.run())
    assert report.largest_cluster == clean.largest_cluster
    assert report.customers == clean.customers
    assert {"+8618912340567", "+8613800138000"} <= set(rejected(lake))


def test_rejected_value_stays_a_contact_point_with_its_counts(lake: SmallLake) -> None:
    lake.add_points([(f"taobao:a{n}", "phone", PHONE) for n in range(4)])
    resolve_identity(lake.run())
    assert lake.read("identity_contact_points").height == 4
    assert accepted(lake, E164) == {False}
    row = lake.read("identity_rejected_values").row(0, named=True)
    assert (row["guard"], row["source_record_count"], row["strong_id_count"], row["name_count"]) == ("fan_out", 4, 4, 0)
    assert row["reason"] == "4 accounts of taobao, more than 3"
