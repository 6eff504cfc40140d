"""What Qianniu's order and item reports become, as Excel workbooks."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.archives import Raw, workbook
from tests.channels.headers import HEADERS
from tests.channels.lake import canonical

ORDER: dict[str, str | None] = {
    "订单编号": "4512345678901234567",
    "支付单号": "2026030522001400000000000001",
    "支付详情": "支付方式：支付宝，支付单号：2026030522001400000000000001，金额：128.00；",
    "买家应付货款": Raw("120"),
    "买家应付邮费": Raw("8"),
    "总金额": Raw("128"),
    "买家实付金额": Raw("128"),
    "订单状态": "卖家已发货，等待买家确认",
    "订单创建时间": "2026-03-05 09:05:00",
    "订单付款时间": "2026-03-05 09:06:00",
    "商品标题": "羊毛围巾，帽子",
    "宝贝总数量": Raw("2"),
    "店铺名称": "梨家旗舰店",
    "订单关闭原因": "订单未关闭",
    "退款金额": Raw("0"),
    "发货时间": "2026-03-06 10:00:00",
    "确认收货时间": "--",
}
ITEM: dict[str, str | None] = {
    "子订单编号": "4512345678901234568",
    "主订单编号": "4512345678901234567",
    "商品标题": "羊毛围巾",
    "商品价格": Raw("110"),
    "购买数量": Raw("1"),
    "买家应付货款": Raw("100"),
    "买家实付金额": Raw("100"),
    "退款状态": "没有申请退款",
    "退款金额": "无退款申请",
    "订单创建时间": "2026-03-05 09:05:00",
    "订单付款时间": "2026-03-05 09:06:00",
    "商品ID": Raw("600000000001"),
}
ORDERED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC)


def report(name: str, *records: Mapping[str, str | None]) -> bytes:
    return workbook(Sheet1=[HEADERS[name], *([record.get(header) for header in HEADERS[name]] for record in records)])


def test_order(tmp_path: Path) -> None:
    found = canonical(tmp_path, "ExportOrderList202603072355.xlsx", report("taobao_order_v3", ORDER))
    assert found["channel_orders"] == [
        {
            "channel": "taobao",
            "order_key": "taobao:4512345678901234567",
            "order_no": "4512345678901234567",
            "order_type": "sale",
            "status": "shipped",
            "store_id_channel": "梨家旗舰店",
            "ordered_at": ORDERED,
            "paid_at": datetime(2026, 3, 5, 1, 6, tzinfo=UTC),
            "shipped_at": datetime(2026, 3, 6, 2, tzinfo=UTC),
            "currency_code": "CNY",
            "gross_amount": Decimal("120.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("128.00"),
            "refunded_amount": Decimal("0.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(2),
            "payment_no": "2026030522001400000000000001",
        }
    ]
    assert [row["line_key"] for row in found["channel_order_lines"]] == ["taobao:4512345678901234567/1"]
    assert set(found) == {"channel_orders", "channel_order_lines"}, "the report names no buyer"


def test_refund_is_told_or_inferred(tmp_path: Path) -> None:
    told = [
        ("交易成功", "订单未关闭", Raw("28")),
        ("交易关闭", "退款", Raw("128")),
        ("交易关闭", "退款", Raw("0")),
        ("交易关闭", "买家未付款", None),
    ]
    records = [
        ORDER | {"订单编号": str(number), "订单状态": status, "订单关闭原因": reason, "退款金额": amount}
        for number, (status, reason, amount) in enumerate(told)
    ]
    found = canonical(tmp_path, "2026-03-07/orders.xlsx", report("taobao_order_v3", *records))["channel_orders"]
    assert [(row["status"], row.get("refunded_amount"), row["is_refund_inferred"]) for row in found] == [
        ("completed", Decimal("28.00"), False),
        ("refunded", Decimal("128.00"), False),
        ("refunded", Decimal("128.00"), True),
        ("cancelled", None, False),
    ]


def test_items_are_lines_of_their_order(tmp_path: Path) -> None:
    hat = ITEM | {"子订单编号": "4512345678901234569", "商品标题": "帽子", "商品价格": Raw("20"), "买家应付货款": Raw("20")}
    found = canonical(tmp_path, "2026-03-07/items.xlsx", report("taobao_item_v3", ITEM, hat))
    assert set(found) == {"channel_order_lines"}
    first, second = found["channel_order_lines"]
    assert first == {
        "channel": "taobao",
        "line_key": "taobao:4512345678901234567/item/4512345678901234568",
        "order_key": "taobao:4512345678901234567",
        "line_no": 1,
        "line_type": "sale",
        "ordered_at": ORDERED,
        "product_id_channel": "600000000001",
        "product_name": "羊毛围巾",
        "quantity": Decimal(1),
        "unit_price_amount": Decimal(110),
        "currency_code": "CNY",
        "line_amount": Decimal("100.00"),
        "discount_amount": Decimal("10.00"),
    }
    assert (second["line_key"], second["line_no"]) == ("taobao:4512345678901234567/item/4512345678901234569", 2)
