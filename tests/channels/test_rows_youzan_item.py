"""What Youzan's item export becomes, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.headers import HEADERS
from tests.channels.lake import canonical, home_with, load, rows
from tests.channels.samples import table

ITEM = {
    "订单号": "E20260305090500000001",
    "订单商品状态": "交易完成",
    "商品名称": "羊毛围巾",
    "规格编码": "SC-RED",
    "商品编码": "SC",
    "商品单价": "1,000.00",
    "商品优惠后价格": "990.00",
    "商品数量": "2",
    "商品实际成交金额": "1,970.00",
    "收货人/提货人": "阿梨",
    "收货人手机号/提货人手机号": "13800000001",
    "商品退款状态": "——",
    "商品已退款金额": "0.00",
}


def test_items_are_lines_of_their_order(tmp_path: Path) -> None:
    """The receiver is not the buyer: nobody is claimed."""
    hat = {**ITEM, "商品名称": "帽子", "规格编码": "", "商品编码": "HA", "商品单价": "20.00", "商品优惠后价格": "", "商品数量": "1"}
    text = "\ufeff" + table(HEADERS["youzan_item"], [ITEM, {**hat, "商品实际成交金额": "20.00"}])
    found = canonical(tmp_path, "2026-03-07/items.csv", text)
    line = {
        "channel": "youzan",
        "order_key": "youzan:E20260305090500000001",
        "line_type": "sale",
        "ordered_at": datetime(2026, 3, 5, 1, 5, tzinfo=UTC),
        "currency_code": "CNY",
    }
    assert found == {
        "channel_order_lines": [
            line
            | {
                "line_key": "youzan:E20260305090500000001/item/1",
                "line_no": 1,
                "product_id_channel": "SC-RED",
                "product_name": "羊毛围巾",
                "quantity": Decimal(2),
                "unit_price_amount": Decimal(990),
                "line_amount": Decimal("1970.00"),
                "discount_amount": Decimal("30.00"),
            },
            line
            | {
                "line_key": "youzan:E20260305090500000001/item/2",
                "line_no": 2,
                "product_id_channel": "HA",
                "product_name": "帽子",
                "quantity": Decimal(1),
                "unit_price_amount": Decimal(20),
                "line_amount": Decimal("20.00"),
                "discount_amount": Decimal("0.00"),
            },
        ]
    }


def test_number_without_a_time_is_set_aside(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/items.csv": table(HEADERS["youzan_item"], [{**ITEM, "订单号": "X1"}])})
    load(home)
    assert [(row["column_name"], row["value"]) for row in rows(home, "channel_quarantine")] == [("订单号", "X1")]
