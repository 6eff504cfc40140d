"""What Douyin's order and after-sale exports become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.headers import HEADERS
from tests.channels.lake import canonical
from tests.channels.samples import table

ORDER = {
    "主订单编号": "\t6917000000000000001",
    "子订单编号": "\t6917000000000000011",
    "支付方式": "微信支付",
    "选购商品": "\t围巾, 两条装",
    "商品ID": "\t3500000000000000001",
    "商品数量": "2",
    "商品金额": "640.00",
    "订单提交时间": "2026-03-05 09:05:00",
    "支付完成时间": "2026-03-05 09:06:00",
    "订单完成时间": "-",
    "订单状态": "已发货",
    "售后状态": "-",
    "发货时间": "2026-03-06 10:00:00",
    "订单应付金额": "1,258.00",
    "运费": "8.00",
    "优惠总金额": "30.00",
    "收件人": "##Xk2q0pTz##",
    "收件人手机号": "$$Yt81Lm$$",
    "省": "浙江省",
    "详细地址": "##Qm4Rs##",
    "流量体裁": "数据将于第二天更新",
}
CASE = {
    "售后单号": "'7100000000000000001",
    "订单号": "'6917000000000000001",
    "商品单号": "'6917000000000000011",
    "售后类型": "退货退款",
    "退商品金额（元）": "1,250.00",
    "退运费金额（元）": "8.00",
    "退税费金额（元）": "-",
    "售后状态": "同意退款,退款成功",
    "售后申请时间": "2026-03-08 10:00:00",
    "商家退款时间": "2026-03-09 10:00:00",
    "售后原因": "不想要了",
}
ORDERED, PAID = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, 1, 6, tzinfo=UTC)


def orders(*changes: dict[str, str]) -> str:
    return "\ufeff" + table(HEADERS["douyin_order"], [{**ORDER, **change} for change in changes])


def cases(*changes: dict[str, str]) -> str:
    return "\ufeff" + table(HEADERS["douyin_aftersale"], [{**CASE, **change} for change in changes])


def test_suborders_are_one_order(tmp_path: Path) -> None:
    second = {"子订单编号": "\t6917000000000000012", "选购商品": "\t帽子", "商品ID": "\t3500000000000000002", "商品数量": "1"}
    second |= {"订单应付金额": "90.00", "运费": "-", "优惠总金额": "10.00"}
    found = canonical(tmp_path, "2026-03-07/orders.csv", orders({}, second))
    assert found["channel_orders"] == [
        {
            "channel": "douyin",
            "order_key": "douyin:6917000000000000001",
            "order_no": "6917000000000000001",
            "order_type": "sale",
            "status": "shipped",
            "ordered_at": ORDERED,
            "paid_at": PAID,
            "shipped_at": datetime(2026, 3, 6, 2, tzinfo=UTC),
            "currency_code": "CNY",
            "gross_amount": Decimal("1380.00"),
            "discount_amount": Decimal("40.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("1348.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(3),
            "payment_method": "微信支付",
        }
    ]
    assert found["channel_order_lines"] == [
        {
            "channel": "douyin",
            "line_key": "douyin:6917000000000000001/6917000000000000011",
            "order_key": "douyin:6917000000000000001",
            "line_no": 1,
            "line_type": "sale",
            "ordered_at": ORDERED,
            "product_id_channel": "3500000000000000001",
            "product_name": "围巾, 两条装",
            "quantity": Decimal(2),
            "currency_code": "CNY",
            "line_amount": Decimal("1250.00"),
            "discount_amount": Decimal("30.00"),
        },
        {
            "channel": "douyin",
            "line_key": "douyin:6917000000000000001/6917000000000000012",
            "order_key": "douyin:6917000000000000001",
            "line_no": 2,
            "line_type": "sale",
            "ordered_at": ORDERED,
            "product_id_channel": "3500000000000000002",
            "product_name": "帽子",
            "quantity": Decimal(1),
            "currency_code": "CNY",
            "line_amount": Decimal("90.00"),
            "discount_amount": Decimal("10.00"),
        },
    ]


def test_ciphertext_is_never_read(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-07/orders.csv", orders({}))
    assert set(found) == {"channel_orders", "channel_order_lines"}
    assert "##" not in str(found) and "$$" not in str(found)


def test_row_of_several_articles_stays_one_line_without_a_product(tmp_path: Path) -> None:
    merged = {"子订单编号": "6917000000000000009A;6917000000000000009B", "选购商品": "围巾;帽子", "商品ID": "2001;2002", "商品数量": "3"}
    (line,) = canonical(tmp_path, "2026-03-07/orders.csv", orders(merged))["channel_order_lines"]
    assert (line["product_name"], line["quantity"], line["line_amount"]) == ("围巾;帽子", Decimal(3), Decimal("1250.00"))
    assert "product_id_channel" not in line


def test_order_statuses(tmp_path: Path) -> None:
    """A closed sub-order with a refund is refunded in full; the others keep the order alive."""
    told = [
        ("1", "1", "待支付", "-", "-"),
        ("2", "2", "已关闭", "-", "-"),
        ("3", "3", "已关闭", "同意退款，退款成功", "2026-03-05 09:06:00"),
        ("4", "4", "已完成", "-", "2026-03-05 09:06:00"),
        ("4", "5", "已关闭", "退款成功", "2026-03-05 09:06:00"),
        ("6", "6", "已完成", "退款成功", "2026-03-05 09:06:00"),
    ]
    changes = [
        {"主订单编号": order, "子订单编号": suborder, "订单状态": status, "售后状态": aftersale, "支付完成时间": paid}
        for order, suborder, status, aftersale, paid in told
    ]
    found = canonical(tmp_path, "2026-03-07/orders.csv", orders(*changes))["channel_orders"]
    whole, twice = Decimal("1258.00"), Decimal("2516.00")
    assert [(row["status"], row.get("paid_amount"), row.get("refunded_amount"), row["is_refund_inferred"]) for row in found] == [
        ("unpaid", None, None, False),
        ("cancelled", None, None, False),
        ("refunded", whole, whole, True),
        ("completed", twice, whole, True),
        ("completed", whole, None, False),
    ]


def test_aftersale_case_is_a_refund_of_the_order(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-10/cases.csv", cases({}))
    assert found == {
        "channel_refunds": [
            {
                "channel": "douyin",
                "refund_key": "douyin:7100000000000000001",
                "refund_no": "7100000000000000001",
                "order_no": "6917000000000000001",
                "status": "succeeded",
                "refunded_at": datetime(2026, 3, 9, 2, tzinfo=UTC),
                "is_refunded_at_inferred": False,
                "currency_code": "CNY",
                "refunded_amount": Decimal("1258.00"),
                "reason": "不想要了",
            }
        ]
    }


def test_aftersale_statuses(tmp_path: Path) -> None:
    told = [("待商家处理", "-"), ("售后关闭", "-"), ("换货成功", "-"), ("同意退款，退款成功", "2026-03-09 10:00:00")]
    changes = [
        {"售后单号": f"710000000000000010{number}", "售后状态": status, "商家退款时间": paid} for number, (status, paid) in enumerate(told)
    ]
    none = {"售后单号": "7100000000000000200", "退商品金额（元）": "0.00", "退运费金额（元）": "-"}
    found = canonical(tmp_path, "2026-03-10/cases.csv", cases(*changes, none))["channel_refunds"]
    applied, paid_back = datetime(2026, 3, 8, 2, tzinfo=UTC), datetime(2026, 3, 9, 2, tzinfo=UTC)
    assert [(row["status"], row["refunded_at"], row["is_refunded_at_inferred"]) for row in found] == [
        ("processing", applied, True),
        ("failed", applied, True),
        ("succeeded", paid_back, False),
    ], "an exchange and a case without money are no refunds"
