"""Where the columns of an export end, read off the compiled contract."""

from __future__ import annotations

import pytest

from pipelines.channels import SHIPPED, Format, read_formats
from pipelines.channels.lineage import canonical_columns, personal_fields


@pytest.fixture(scope="module")
def formats() -> dict[str, Format]:
    return {item.name: item for item in read_formats([SHIPPED])}


def test_lineage_goes_through_derived_fields(formats: dict[str, Format]) -> None:
    found = canonical_columns(formats["taobao_order_v1"])
    assert "channel_orders.source_record_key" in found["buyer_nick"]
    assert "channel_orders.refunded_amount" in found["close_reason"]
    assert found["receiver_phone"] == ("channel_contact_points.value_raw",)
    assert found["total_amount"] == (), "it is only checked"


def test_currency_of_the_export_ends_wherever_money_does(formats: dict[str, Format]) -> None:
    assert "channel_payments.currency_code" in canonical_columns(formats["wechatpay_all"])["currency_code"]


def test_fields_that_show_a_person(formats: dict[str, Format]) -> None:
    personal = personal_fields(formats["taobao_order_v1"])
    assert {"buyer_nick", "receiver_name", "receiver_phone", "receiver_address", "alipay_account"} <= personal
    assert not {"ordered_at", "paid_amount", "status_channel", "order_no"} & personal


def test_every_field_of_every_contract_has_a_lineage(formats: dict[str, Format]) -> None:
    for item in formats.values():
        assert canonical_columns(item).keys() == item.spec.fields.keys()
        assert any(canonical_columns(item).values()) or not item.spec.tables, item.name
