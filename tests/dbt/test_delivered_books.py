"""From delivered files to the reconciliation: an order of a marketplace meets its payment in a bill, whatever both call it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from pathlib import Path

from pipelines.channels import load_deliveries
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from tests.channels import samples
from tests.channels.lake import home_with
from tests.channels.test_rows_ledgers import BACK, CLOSED, INCOME, ledger
from tests.channels.test_rows_weixin_store import ORDER, orders
from tests.dbt.compiled import CompiledModels
from tests.dbt.lake import TinyLake, tiny_run
from tests.dbt.warehouse import rows

MODELS = ("channel_reconciliation", "channel_reconciliation_differences", "channel_scorecard", "fct_orders")
PAYMENT = {
    "交易时间": "2026-03-05 09:06:00",
    "公众账号ID": "wx1",
    "微信订单号": ORDER["交易单号"],
    "商户订单号": "merchant-of-its-own",
    "用户标识": "oAli",
    "交易类型": "JSAPI",
    "交易状态": "SUCCESS",
    "货币种类": "CNY",
    "应结订单金额": "146.00",
    "代金券金额": "0.00",
    "微信退款单号": "0",
    "退款金额": "0.00",
    "手续费": "0.88000",
    "订单金额": "146.00",
}
REFUND = PAYMENT | {"交易时间": "2026-03-07 10:00:00", "交易状态": "REFUND", "微信退款单号": "5030000001", "退款金额": "18.00"}
REFUND |= {"退款状态": "SUCCESS", "应结订单金额": "0.00", "订单金额": "0.00", "手续费": "0.00000"}


@dataclass
class DeliveredLake(TinyLake):
    """Tables of the channels stage from files, the others empty."""

    files: dict[str, bytes | str] = field(default_factory=dict)

    def write(self, home: Home, run: Run) -> None:
        super().write(home, run)
        home_with(home.root, self.files)
        assert not load_deliveries(home, run.config).problems


def test_orders_meet_their_payments_across_exports(compiled: CompiledModels, tmp_path: Path) -> None:
    def taobao(number: int, day: str) -> dict[str, str]:
        when = {"订单创建时间": f"2026-03-{day} 09:05:00", "订单付款时间 ": f"2026-03-{day} 09:06:00"}
        return {**samples.TAOBAO_ROW, "订单编号": f"451234567890123456{number}", **when}

    def income(number: int, amount: str) -> dict[str, str]:
        numbers = {"账务流水号": f"5463244653737{number}", "业务流水号": f"202603052200140000000000000{number}"}
        return INCOME | numbers | {"商户订单号": f"T200P451234567890123456{number}", "收入金额（+元）": amount}

    money = (income(1, "128.00"), income(2, "100.00"), BACK | {"商户订单号": "T200P9999999999999999999"})
    lake = DeliveredLake(
        files={
            "ExportOrderList202603122355.csv": samples.taobao(*(taobao(n, day) for n, day in ((1, "05"), (2, "05"), (3, "05"), (4, "11")))),
            "2026-03-12/fund.csv": ledger(*money, end=f"{CLOSED}#支出合计：1笔，共-28.00元\r\n#收入合计：2笔，共228.00元\r\n"),
            "2026-03-12/store.csv": orders({}),
            "2026-03-12/bill.csv": samples.wechat([PAYMENT, REFUND], ["2", "146.00", "18.00", "0.88000"]),
        }
    )
    home = compiled.write(lake, tiny_run(tmp_path, date(2026, 3, 12)), *MODELS)
    found = rows(home, "select item_key, outcome, reason, difference_amount from channel_reconciliation_differences order by item_key")
    assert found == [
        ("taobao:4512345678901234562", "differs", "payment_differs", Decimal(-28)),
        ("taobao:4512345678901234563", "differs", "order_without_payment", Decimal(-128)),
        ("taobao:4512345678901234564", "pending", "order_without_payment", Decimal(-128)),
        ("weixin_store:3700000000000000001", "pending", "refund_differs", Decimal(18)),
    ]
    days = rows(
        home,
        "select channel, day_on, order_amount, payment_amount, payment_difference_amount, agreeing_count, unchecked_count, pending_count,"
        " differing_count from channel_reconciliation order by channel, day_on",
    )
    assert days == [
        ("alipay_fund", date(2026, 3, 6), Decimal(0), Decimal(0), Decimal(0), 0, 1, 0, 0),
        ("taobao", date(2026, 3, 5), Decimal(384), Decimal(228), Decimal(-156), 1, 0, 0, 2),
        ("taobao", date(2026, 3, 11), Decimal(128), Decimal(0), Decimal(-128), 0, 0, 1, 0),
        ("weixin_store", date(2026, 3, 5), Decimal(146), Decimal(146), Decimal(0), 0, 0, 1, 0),
    ]
    formats = dict(rows(home, "select format_name, verdict from channel_scorecard"))
    assert formats == dict.fromkeys(("alipay_fund", "taobao_order_v1", "weixin_store_order", "wechatpay_all"), "new")
