"""What WeChat Store's order export becomes, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.headers import HEADERS
from tests.channels.lake import canonical, home_with, load, rows
from tests.channels.samples import table

ORDER = {
    "订单号": "3700000000000000001",
    "订单下单时间": "2026-03-05 09:05:00",
    "订单发货时间": "2026-03-06 10:00:00",
    "订单状态": "已完成",
    "订单确认收货时间": "2026-03-09 10:00:00",
    "收件人姓名": "阿梨",
    "收件人地址": "浙江省 杭州市 西湖区 文三路1号",
    "省": "浙江省",
    "市": "杭州市",
    "区": "西湖区",
    "收件人手机": "13800000001",
    "商品总价": "148.00",
    "订单实际支付金额": "146.00",
    "订单实际收款金额": "146.00",
    "订单运费": "8.00",
    "支付方式": "微信支付",
    "支付时间": "2026-03-05 09:06:00",
    "交易单号": "4200000000202603050000000001",
    "商品名称": "羊毛围巾",
    "商品编码(平台)": "10000000000001",
    "商品价格(单件)": "64.00",
    "商品实际价格(单件)": "60.00",
    "商品实际价格(总共)": "120.00",
    "商品数量": "2",
    "商品售后": "",
    "商品已退款金额": "0.00",
}
ORDERED, PAID = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, 1, 6, tzinfo=UTC)


def orders(*changes: dict[str, str]) -> bytes:
    return table(HEADERS["weixin_store_order"], [{**ORDER, **change} for change in changes]).encode("gb18030")


def test_order_takes_its_amounts_once_and_sums_its_refunds(tmp_path: Path) -> None:
    hat = {"商品名称": "帽子", "商品编码(平台)": "10000000000002", "商品价格(单件)": "20.00", "商品实际价格(单件)": "18.00"}
    hat |= {"商品实际价格(总共)": "18.00", "商品数量": "1", "商品售后": "退款完成", "商品已退款金额": "18.00"}
    found = canonical(tmp_path, "2026-03-10/orders.csv", orders({}, hat))
    key = "weixin_store:3700000000000000001"
    assert found["channel_orders"] == [
        {
            "channel": "weixin_store",
            "order_key": key,
            "order_no": "3700000000000000001",
            "order_type": "sale",
            "status": "completed",
            "source_record_key": key,
            "ordered_at": ORDERED,
            "paid_at": PAID,
            "shipped_at": datetime(2026, 3, 6, 2, tzinfo=UTC),
            "completed_at": datetime(2026, 3, 9, 2, tzinfo=UTC),
            "currency_code": "CNY",
            "gross_amount": Decimal("148.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("146.00"),
            "refunded_amount": Decimal("18.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(3),
            "payment_no": "4200000000202603050000000001",
            "payment_method": "微信支付",
        }
    ]
    told = [
        (row["line_key"], row["product_id_channel"], row["quantity"], row["unit_price_amount"], row["line_amount"], row["discount_amount"])
        for row in found["channel_order_lines"]
    ]
    assert told == [
        (f"{key}/1", "10000000000001", Decimal(2), Decimal(60), Decimal("120.00"), Decimal("8.00")),
        (f"{key}/2", "10000000000002", Decimal(1), Decimal(18), Decimal("18.00"), Decimal("2.00")),
    ]
    person = {"channel": "weixin_store", "source_record_key": key, "first_seen_at": ORDERED, "last_seen_at": ORDERED}
    assert found["channel_profiles"] == [
        person
        | {
            "full_name": "阿梨",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "address": "浙江省 杭州市 西湖区 文三路1号",
        }
    ]
    assert found["channel_contact_points"] == [
        person | {"type": "payment_order_no", "scope": "wechatpay", "value_raw": "4200000000202603050000000001"},
        person | {"type": "phone", "scope": "global", "value_raw": "13800000001"},
    ]


def test_order_belongs_to_nobody_without_transaction_and_real_phone(tmp_path: Path) -> None:
    unpaid = {"订单状态": "待付款", "支付时间": "", "交易单号": "", "订单实际支付金额": "0.00", "收件人手机": "18400001234-5678"}
    found = canonical(tmp_path, "2026-03-10/orders.csv", orders(unpaid))
    assert set(found) == {"channel_orders", "channel_order_lines"}
    (order,) = found["channel_orders"]
    assert (order["status"], "paid_amount" in order, "source_record_key" in order) == ("unpaid", False, False)


def test_virtual_phone_is_handed_on_as_it_is(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-10/orders.csv", orders({"收件人手机": "18400001234-5678"}))
    assert [row["value_raw"] for row in found["channel_contact_points"]] == ["4200000000202603050000000001", "18400001234-5678"]


def test_outcome_of_a_cancelled_order_is_in_its_refunds(tmp_path: Path) -> None:
    paid = {"订单号": "1", "订单状态": "已取消", "商品已退款金额": "146.00"}
    unpaid = {"订单号": "2", "订单状态": "已取消", "支付时间": "", "交易单号": "", "商品已退款金额": ""}
    found = canonical(tmp_path, "2026-03-10/orders.csv", orders(paid, unpaid))["channel_orders"]
    assert [(row["status"], row.get("paid_amount"), row.get("refunded_amount")) for row in found] == [
        ("refunded", Decimal("146.00"), Decimal("146.00")),
        ("cancelled", None, None),
    ]


def test_dollars_in_an_export_of_yuan_are_set_aside(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"orders.csv": orders({"商品总价": "¥148.00"}, {"订单号": "3700000000000000009", "商品总价": "$148.00"})})
    assert not load(home).refused
    (aside,) = rows(home, "channel_quarantine")
    assert (aside["column_name"], aside["value"]) == ("商品总价", "$148.00")
    assert [row["order_no"] for row in rows(home, "channel_orders")] == ["3700000000000000001"]
