"""What the dumps of a Siss till about payments and members become, row by row."""

from __future__ import annotations

import gzip
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.headers import HEADERS
from tests.channels.lake import canonical
from tests.channels.samples import table

PAYMENT = {
    "com_no": "1",
    "flow_id": "1",
    "flow_no": "S0001   ",
    "sale_amount": "90.00",
    "branch_no": "0002  ",
    "pay_way": "RMB",
    "sell_way": "A",
    "vip_no": "88001   ",
    "coin_no": "RMB",
    "coin_rate": "1.0000",
    "pay_amount": "100.0000",
    "oper_date": "2026-03-05 18:00:00.000",
}
MEMBER = {
    "card_id": "88001   ",
    "card_no": "88001",
    "card_type": "10",
    "vip_name": "阿梨    ",
    "vip_sex": "女",
    "vip_add": "西湖区文三路1号",
    "vip_tel": "0571-80000001",
    "vip_email": "a@example.com",
    "mobile": "13800000001",
    "birthday": "1990-02-03 00:00:00.000",
    "vip_start_date": "2025-01-02 00:00:00.000",
    "branch_no": "0002",
}
PAID = datetime(2026, 3, 5, 10, tzinfo=UTC)
DAY_END = datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)


def payments(*changes: dict[str, str]) -> bytes:
    return gzip.compress(table(HEADERS["siss_payflow"], [{**PAYMENT, **change} for change in changes], "\r\n").encode("gb18030"))


def members(*changes: dict[str, str]) -> bytes:
    return table(HEADERS["siss_vip_info"], [{**MEMBER, **change} for change in changes]).encode("gb18030")


def test_cash_is_told_without_its_change(tmp_path: Path) -> None:
    change = {"flow_id": "2", "sell_way": "D", "pay_way": "CHG", "pay_amount": "40.0000"}
    card = {"flow_id": "3", "pay_way": "CRD", "pay_amount": "30.0000"}
    found = canonical(tmp_path, "t_rm_payflow_20260307.csv.gz", payments({}, change, card))
    payment = {
        "channel": "siss",
        "merchant_order_no": "S0001",
        "status": "succeeded",
        "source_record_key": "siss:88001",
        "paid_at": PAID,
        "currency_code": "CNY",
    }
    assert found["channel_payments"] == [
        payment
        | {"payment_key": "siss:0002/S0001/1", "payment_no": "0002/S0001/1", "paid_amount": Decimal("60.00"), "payment_method": "RMB"},
        payment
        | {"payment_key": "siss:0002/S0001/3", "payment_no": "0002/S0001/3", "paid_amount": Decimal("30.00"), "payment_method": "CRD"},
    ]
    assert found["channel_contact_points"] == [
        {
            "channel": "siss",
            "source_record_key": "siss:88001",
            "type": "member_id",
            "scope": "merchant",
            "value_raw": "88001",
            "first_seen_at": PAID,
            "last_seen_at": PAID,
        }
    ]


def test_change_of_one_receipt_is_not_that_of_another(tmp_path: Path) -> None:
    other = {"branch_no": "0003"}
    lines = [{}, other, {**other, "flow_id": "2", "sell_way": "D", "pay_amount": "10.00"}]
    found = canonical(tmp_path, "t_rm_payflow_20260307.csv.gz", payments(*lines))["channel_payments"]
    assert [(row["payment_no"], row["paid_amount"]) for row in found] == [
        ("0002/S0001/1", Decimal("100.00")),
        ("0003/S0001/1", Decimal("90.00")),
    ]


def test_money_that_goes_back_is_no_payment(tmp_path: Path) -> None:
    found = canonical(tmp_path, "t_rm_payflow_20260307.csv.gz", payments({"sell_way": "B", "vip_no": ""}))
    assert found == {}


def test_member(tmp_path: Path) -> None:
    found = canonical(tmp_path, "t_rm_vip_info_20260307.csv", members({}))
    person = {"channel": "siss", "source_record_key": "siss:88001", "first_seen_at": DAY_END, "last_seen_at": DAY_END}
    assert found["channel_profiles"] == [
        person
        | {
            "full_name": "阿梨",
            "gender": "female",
            "birth_on": date(1990, 2, 3),
            "address": "西湖区文三路1号",
            "registered_at": datetime(2025, 1, 1, 16, tzinfo=UTC),
            "member_level": "10",
            "store_id_channel": "0002",
        }
    ]
    assert [(row["type"], row["scope"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("member_id", "merchant", "88001"),
        ("phone", "global", "13800000001"),
        ("phone", "global", "0571-80000001"),
        ("email", "global", "a@example.com"),
    ]


@pytest.mark.parametrize("told", ["--02-29", "02-29", "1604-02-29 00:00:00.000"])
def test_birthday_without_a_year_is_kept_and_sets_no_row_aside(tmp_path: Path, told: str) -> None:
    found = canonical(tmp_path, "t_rm_vip_info_20260307.csv", members({"birthday": told}))
    assert found["channel_profiles"][0]["birth_on"] == date(1904, 2, 29)


def test_what_nobody_entered_is_nothing(tmp_path: Path) -> None:
    blank = {"vip_sex": "  ", "vip_tel": "13800000001", "vip_email": "", "birthday": "1900-01-01 00:00:00.000", "vip_name": ""}
    found = canonical(tmp_path, "t_rm_vip_info_20260307.csv", members(blank))
    assert set(found["channel_profiles"][0]) & {"full_name", "gender", "birth_on"} == set()
    assert [(row["type"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("member_id", "88001"),
        ("phone", "13800000001"),
    ]
