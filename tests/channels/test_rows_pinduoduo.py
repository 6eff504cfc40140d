"""What Pinduoduo's order export and account detail become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.lake import canonical, frame, home_with, load, loads, rows, unaccounted
from tests.channels.samples import cells, table

ORDER_HEADER = cells(
    "商品,订单号,订单状态,商品总价(元),邮费(元),店铺优惠折扣(元),平台优惠折扣(元),多多支付立减金额(元),用户实付金额(元),商家实收金额(元),"
    "商品数量(件),发货时间,确认收货时间,商品id,商品规格,样式ID,商家编码-规格维度,商家编码-商品维度,商家备注,售后状态,快递单号,快递公司,"
    "订单成交时间"
)
ORDER = {
    "商品": "羊毛围巾, 加厚",
    "订单号": "260305-000000000012345",
    "订单状态": "已收货",
    "商品总价(元)": "1,128.00",
    "邮费(元)": "0.00",
    "店铺优惠折扣(元)": "20.00",
    "平台优惠折扣(元)": "5.00",
    "多多支付立减金额(元)": "3.00",
    "用户实付金额(元)": "1100.00",
    "商家实收金额(元)": "1108.00",
    "商品数量(件)": "2",
    "发货时间": "2026-03-06 10:00:00",
    "确认收货时间": "2026-03-09 10:00:00",
    "商品id": "600001.0",
    "售后状态": "无售后或售后取消",
    "订单成交时间": "2026-03-05 09:05:00",
}
ORDERED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC)


def orders(*changes: dict[str, str]) -> str:
    return "\ufeff" + table(ORDER_HEADER, [{**ORDER, **change} for change in changes])


def settlement(*lines: str) -> bytes:
    preamble = "拼多多店铺账务明细查询\r\n\r\n起始时间：2026-03-01 00:00:00  终止时间：2026-03-31 23:59:59\r\n----交易记录明细列表----\r\n"
    header = "商户订单号,发生时间,收入金额（+元）,支出金额（-元）,账务类型,备注,业务描述\r\n"
    return (preamble + header + "".join(f"{line}\r\n" for line in lines)).encode("gb18030")


def test_order(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-10/orders.csv", orders({}))
    assert found["channel_orders"] == [
        {
            "channel": "pdd",
            "order_key": "pdd:260305-000000000012345",
            "order_no": "260305-000000000012345",
            "order_type": "sale",
            "status": "completed",
            "ordered_at": ORDERED,
            "paid_at": ORDERED,
            "shipped_at": datetime(2026, 3, 6, 2, tzinfo=UTC),
            "completed_at": datetime(2026, 3, 9, 2, tzinfo=UTC),
            "currency_code": "CNY",
            "gross_amount": Decimal("1128.00"),
            "discount_amount": Decimal("28.00"),
            "shipping_amount": Decimal("0.00"),
            "paid_amount": Decimal("1100.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(2),
        }
    ]
    assert found["channel_order_lines"] == [
        {
            "channel": "pdd",
            "line_key": "pdd:260305-000000000012345/1",
            "order_key": "pdd:260305-000000000012345",
            "line_no": 1,
            "line_type": "sale",
            "ordered_at": ORDERED,
            "product_id_channel": "600001",
            "product_name": "羊毛围巾, 加厚",
            "quantity": Decimal(2),
            "currency_code": "CNY",
            "line_amount": Decimal("1100.00"),
            "discount_amount": Decimal("28.00"),
        }
    ]
    assert set(found) == {"channel_orders", "channel_order_lines"}, "the buyer is withheld"


def test_order_statuses(tmp_path: Path) -> None:
    """Either comma; a refund is told by the status of the order or of the after-sale, and never has an amount."""
    told = [
        ("待支付", "-", ""),
        ("待发货", "无售后或售后取消", "2026-03-05 09:05:00"),
        ("已发货,待签收", "无售后或售后取消", "2026-03-05 09:05:00"),
        ("已取消", "-", ""),
        ("未发货，退款成功", "退款成功", "2026-03-05 09:05:00"),
        ("已收货", "退款成功", "2026-03-05 09:05:00"),
    ]
    changes = [
        {"订单号": f"260305-{number:015}", "订单状态": status, "售后状态": aftersale, "订单成交时间": concluded}
        for number, (status, aftersale, concluded) in enumerate(told)
    ]
    found = canonical(tmp_path, "2026-03-10/orders.csv", orders(*changes))["channel_orders"]
    assert [(row["status"], row.get("paid_amount"), row.get("refunded_amount"), row["is_refund_inferred"]) for row in found] == [
        ("unpaid", None, None, False),
        ("paid", Decimal("1100.00"), None, False),
        ("shipped", Decimal("1100.00"), None, False),
        ("cancelled", None, None, False),
        ("refunded", Decimal("1100.00"), Decimal("1100.00"), True),
        ("refunded", Decimal("1100.00"), Decimal("1100.00"), True),
    ]


def test_order_without_a_time_has_the_day_of_its_number(tmp_path: Path) -> None:
    (order,) = canonical(tmp_path, "2026-03-10/orders.csv", orders({"订单成交时间": ""}))["channel_orders"]
    assert order["ordered_at"] == datetime(2026, 3, 4, 16, tzinfo=UTC)
    assert "paid_at" not in order
    assert order["paid_amount"] == Decimal("1100.00")


def test_number_without_a_day_is_set_aside(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-10/orders.csv": orders({}, {"订单号": "S1"})})
    load(home)
    (row,) = rows(home, "channel_quarantine")
    assert (row["column_name"], row["value"]) == ("订单号", "S1")
    assert frame(home, "channel_orders").height == 1


def test_columns_may_be_picked_and_come_in_any_order(tmp_path: Path) -> None:
    names = ["支付时间", *(name for name in reversed(ORDER_HEADER) if name not in ("订单成交时间", "邮费(元)", "商品规格", "发货时间"))]
    text = table(names, [{**ORDER, "支付时间": "2026-03-05 09:05:00"}])
    (order,) = canonical(tmp_path, "2026-03-10/orders.csv", text)["channel_orders"]
    assert (order["ordered_at"], order["paid_at"], "shipping_amount" in order) == (ORDERED, ORDERED, False)


def test_settlement(tmp_path: Path) -> None:
    number = "260305-000000000012345"
    refund = f"{number},2026-03-12 08:00:00,0.00,-28.00,退款,-,0020002|交易退款-订单退款"
    content = settlement(
        f'{number},2026-03-10 08:00:00,"1,108.00",0.00,交易收入,-,0010002|交易收入-订单收入',
        f"{number},2026-03-10 08:00:00,0.00,-6.65,技术服务费,-,0030002|技术服务费-基础技术服务费",
        refund,
        refund,
        "-,2026-03-12 09:00:00,0.00,-9.00,其他,-,0060001|营销费用-多多进宝",
        "#支出合计：4笔，共-71.65元",
        "#收入合计：1笔，共1108.00元",
        "#导出时间：2026-04-01 10:00:00",
    )
    home = home_with(tmp_path, {"2026-04-01/detail.csv": content})
    assert not load(home).problems
    assert rows(home, "channel_payments") == [
        {
            "channel": "pdd",
            "payment_key": "pdd:260305-000000000012345/20260310000000/1",
            "payment_no": "260305-000000000012345/20260310000000/1",
            "merchant_order_no": number,
            "status": "succeeded",
            "paid_at": datetime(2026, 3, 10, tzinfo=UTC),
            "currency_code": "CNY",
            "paid_amount": Decimal("1108.00"),
        }
    ]
    told = [(row["refund_key"], row["order_no"], row["status"], row["refunded_amount"]) for row in rows(home, "channel_refunds")]
    assert told == [
        ("pdd:260305-000000000012345/20260312000000/1", number, "succeeded", Decimal("28.00")),
        ("pdd:260305-000000000012345/20260312000000/2", number, "succeeded", Decimal("28.00")),
    ], "a line has no number: two of the same second are two refunds"
    (counts,) = loads(home).values()
    assert (counts["preamble_count"], counts["footer_count"], counts["loaded_count"]) == (4, 3, 5)
    assert unaccounted(counts) == 0


@pytest.mark.parametrize(
    ("below", "told"),
    [
        (["#支出合计：1笔，共-6.65元", "#收入合计：1笔，共1108.00元"], "agree"),
        (["#支出合计：1笔，共-6.66元"], "states '支出合计：1笔，共-6.66元', its rows give 6.65"),
        (["#收入合计：2笔，共1108.00元"], "states '收入合计：2笔', its rows give 1"),
        (["#收入合计：1笔，共1,108.01元"], "its rows give 1108.00"),
        (["----交易记录明细列表结束----", "合计,,1108.00,-6.65,,,"], "agree"),
        (["合计,,1108.00,-6.64,,,"], "its rows give 6.65"),
        (["#导出时间：2026-04-01 10:00:00"], None),
    ],
)
def test_settlement_agrees_with_its_own_totals_where_it_states_them(tmp_path: Path, below: list[str], told: str | None) -> None:
    content = settlement(
        "260305-000000000012345,2026-03-10 08:00:00,1108.00,0.00,交易收入,-,0010002|交易收入-订单收入",
        "260305-000000000012345,2026-03-10 08:00:00,0.00,-6.65,技术服务费,-,0030002|技术服务费-基础技术服务费",
        *below,
    )
    home = home_with(tmp_path, {"2026-04-01/detail.csv": content})
    load(home)
    (row,) = loads(home).values()
    assert row["totals"] == told if row["outcome"] == "loaded" else told is not None and told in row["reason"], row["reason"]
