"""What the second generation of Taobao's order list becomes: refunds with amounts, numbers of payments."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels import samples
from tests.channels.headers import HEADERS
from tests.channels.lake import canonical

ORDER = {
    **samples.TAOBAO_ROW,
    "支付单号": "2026030522001400000000000001",
    "支付详情": "支付方式：支付宝，支付单号：2026030522001400000000000001，金额：128.00；",
    "退款金额": "无退款申请",
    "确认收货时间": "2026-03-07 10:00:00",
    "打款商家金额": "128.00元",
}


def orders(*changes: dict[str, str]) -> bytes:
    return samples.table(HEADERS["taobao_order_v2"], [{**ORDER, **change} for change in changes]).encode("gb18030")


def test_order(tmp_path: Path) -> None:
    found = canonical(tmp_path, "ExportOrderList202603072355.csv", orders({}))
    assert found["channel_orders"] == [
        {
            "channel": "taobao",
            "order_key": "taobao:4512345678901234567",
            "order_no": "4512345678901234567",
            "order_type": "sale",
            "status": "completed",
            "source_record_key": "taobao:阿梨的小店",
            "store_id_channel": "梨家旗舰店",
            "ordered_at": datetime(2026, 3, 5, 1, 5, tzinfo=UTC),
            "paid_at": datetime(2026, 3, 5, 1, 6, tzinfo=UTC),
            "completed_at": datetime(2026, 3, 7, 2, tzinfo=UTC),
            "currency_code": "CNY",
            "gross_amount": Decimal("120.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("128.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(2),
            "payment_no": "2026030522001400000000000001",
        }
    ]
    assert [(row["type"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("phone", "13800000001"),
        ("platform_account", "ali@example.com"),
    ]
    assert set(found) == {"channel_orders", "channel_order_lines", "channel_profiles", "channel_contact_points"}


def test_refund_is_told_or_inferred(tmp_path: Path) -> None:
    told = [
        ("交易成功", "订单未关闭", "28.00元"),
        ("交易关闭", "退款", "128.00"),
        ("交易关闭", "退款", "0.00"),
        ("交易关闭", "买家未付款", "0.00"),
    ]
    changes = [
        {"订单编号": str(number), "订单状态": status, "订单关闭原因": reason, "退款金额": amount}
        for number, (status, reason, amount) in enumerate(told)
    ]
    changes[-1]["订单付款时间 "] = ""
    found = canonical(tmp_path, "2026-03-07/a.csv", orders(*changes))["channel_orders"]
    assert [(row["status"], row["refunded_amount"], row["is_refund_inferred"]) for row in found] == [
        ("completed", Decimal("28.00"), False),
        ("refunded", Decimal("128.00"), False),
        ("refunded", Decimal("128.00"), True),
        ("cancelled", Decimal("0.00"), False),
    ]


def test_several_payments_are_no_payment_number(tmp_path: Path) -> None:
    several = {"支付单号": "2026030522001400000000000001,2026030522001400000000000002"}
    assert "payment_no" not in canonical(tmp_path, "2026-03-07/a.csv", orders(several))["channel_orders"][0]
