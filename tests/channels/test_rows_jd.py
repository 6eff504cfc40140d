"""What JD's order export and settlement detail become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.headers import HEADERS
from tests.channels.lake import canonical, home_with, loads
from tests.channels.samples import table

ORDER = {
    "订单号": "290000000001",
    "商品ID": "10099900011122.0",
    "商品名称": "羊毛围巾",
    "订购数量": "2",
    "支付方式": "在线支付",
    "下单时间": "2026-03-05 09:05:00",
    "京东价": "64.00",
    "订单金额": "148.00",
    "结算金额": "140.00",
    "余额支付": "40.00",
    "应付金额": "108.00",
    "订单状态": "等待确认收货",
    "下单帐号": "jd_pear",
    "客户姓名": "阿梨",
    "客户地址": "浙江杭州市西湖区 文三路1号",
    "联系电话": "13800000001",
    "运费金额": "8.00",
    "付款确认时间": "2026-03-05 09:06:00",
}
LINE = {
    "订单编号": "290000000001",
    "订单下单时间": "2026-03-05 09:05:00",
    "售后服务单号": "",
    "商品编号": "10099900011122",
    "费用名称": "货款",
    "应结金额": "140.00",
    "币种": "CNY",
    "收支方向": "收入",
    "账单生成时间": "2026-03-20 01:00:00",
}
ORDERED, PAID = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, 1, 6, tzinfo=UTC)


def orders(*changes: dict[str, str]) -> bytes:
    """With the comma that the real file has after its last column."""
    return table([*HEADERS["jd_order_v1"], ""], [{**ORDER, **change} for change in changes]).encode("gb18030")


def settlement(*changes: dict[str, str]) -> str:
    note = "说明：,本表按账单生成时间导出\n"
    return note + table(HEADERS["jd_settlement"], [{**LINE, **change} for change in changes])


def test_order_takes_the_amounts_of_its_rows_once(tmp_path: Path) -> None:
    hat = {"商品ID": "10099900011133", "商品名称": "帽子", "订购数量": "1", "京东价": "20.00"}
    found = canonical(tmp_path, "2026-03-07/orders.csv", orders({}, hat))
    assert found["channel_orders"] == [
        {
            "channel": "jd",
            "order_key": "jd:290000000001",
            "order_no": "290000000001",
            "order_type": "sale",
            "status": "shipped",
            "source_record_key": "jd:jd_pear",
            "ordered_at": ORDERED,
            "paid_at": PAID,
            "currency_code": "CNY",
            "gross_amount": Decimal("148.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("148.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(3),
            "payment_method": "在线支付",
        }
    ]
    told = [
        (row["line_key"], row["product_id_channel"], row["quantity"], row["unit_price_amount"], row["line_amount"])
        for row in found["channel_order_lines"]
    ]
    assert told == [
        ("jd:290000000001/1", "10099900011122", Decimal(2), Decimal(64), Decimal("128.00")),
        ("jd:290000000001/2", "10099900011133", Decimal(1), Decimal(20), Decimal("20.00")),
    ]
    person = {"channel": "jd", "source_record_key": "jd:jd_pear", "first_seen_at": ORDERED, "last_seen_at": ORDERED}
    assert found["channel_profiles"] == [person | {"full_name": "阿梨", "nickname": "jd_pear", "address": "浙江杭州市西湖区 文三路1号"}]
    assert found["channel_contact_points"] == [person | {"type": "phone", "scope": "global", "value_raw": "13800000001"}]


@pytest.mark.parametrize(
    ("status", "paid_at", "expected"),
    [
        ("等待付款", "", ("unpaid", None, None, False)),
        ("等待出库", "2026-03-05 09:06:00", ("paid", "148.00", None, False)),
        ("完成", "", ("completed", "148.00", None, False)),
        ("锁定", "2026-03-05 09:06:00", ("paid", "148.00", None, False)),
        ("锁定", "", ("unpaid", None, None, False)),
        ("（锁定）等待确认收货", "2026-03-05 09:06:00", ("shipped", "148.00", None, False)),
        ("(删除)等待付款", "", ("cancelled", None, None, False)),
        ("(删除)等待出库", "2026-03-05 09:06:00", ("refunded", "148.00", "148.00", True)),
        ("(删除)等待确认收货", "2026-03-05 09:06:00", ("refunded", "148.00", "148.00", True)),
    ],
)
def test_order_statuses(tmp_path: Path, status: str, paid_at: str, expected: tuple[str, str | None, str | None, bool]) -> None:
    (row,) = canonical(tmp_path, "2026-03-07/orders.csv", orders({"订单状态": status, "付款确认时间": paid_at}))["channel_orders"]
    amounts = [None if text is None else Decimal(text) for text in expected[1:3]]
    assert (row["status"], row.get("paid_amount"), row.get("refunded_amount"), row["is_refund_inferred"]) == (
        expected[0],
        *amounts,
        expected[3],
    )


def test_masked_phone_is_handed_on_as_it_is(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-07/orders.csv", orders({"联系电话": "138****0001", "客户姓名": "梨**", "客户地址": "****"}))
    assert [row["value_raw"] for row in found["channel_contact_points"]] == ["138****0001"]
    assert set(found["channel_profiles"][0]) & {"full_name", "address"} == set()


def test_settlement(tmp_path: Path) -> None:
    back = {"售后服务单号": "1500000001", "售后退款时间": "2026-03-18 08:00:00", "应结金额": "-64.00", "收支方向": "支出"}
    fee = {"费用名称": "佣金", "应结金额": "-7.00", "收支方向": "支出", "币种": "人民币"}
    text = settlement({}, back, fee)
    found = canonical(tmp_path, "2026-03-21/detail.csv", text)
    assert found == {
        "channel_payments": [
            {
                "channel": "jd",
                "payment_key": "jd:290000000001/10099900011122/20260319170000/1",
                "payment_no": "290000000001/10099900011122/20260319170000/1",
                "merchant_order_no": "290000000001",
                "status": "succeeded",
                "paid_at": datetime(2026, 3, 19, 17, tzinfo=UTC),
                "currency_code": "CNY",
                "paid_amount": Decimal("140.00"),
            }
        ],
        "channel_refunds": [
            {
                "channel": "jd",
                "refund_key": "jd:1500000001/290000000001/10099900011122/20260319170000/1",
                "refund_no": "1500000001/290000000001/10099900011122/20260319170000/1",
                "order_no": "290000000001",
                "status": "succeeded",
                "refunded_at": datetime(2026, 3, 18, tzinfo=UTC),
                "is_refunded_at_inferred": False,
                "currency_code": "CNY",
                "refunded_amount": Decimal("64.00"),
                "reason": "货款",
            }
        ],
    }
    (counts,) = loads(home_with(tmp_path, {})).values()
    assert (counts["preamble_count"], counts["loaded_count"]) == (1, 3), "the commission is read, and becomes no row"
