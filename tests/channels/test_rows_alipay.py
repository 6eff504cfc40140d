"""What Alipay's bill becomes, as it comes: a zip archive with names in GBK, details and summary, totals in prose."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.archives import zipped
from tests.channels.headers import HEADERS
from tests.channels.lake import frame, home_with, load, loads, rows, unaccounted

PREAMBLE = (
    "#支付宝业务明细查询\r\n#账号：[20880000000000000156]\r\n#起始日期：[2026年03月05日 00:00:00]   终止日期：[2026年03月06日 00:00:00]\r\n"
    "#-----------------------------------------业务明细列表----------------------------------------\r\n"
)
END = "#-----------------------------------------业务明细列表结束------------------------------------\r\n"
TOTALS = (
    "#交易合计：2笔，商家实收共256.00元，商家优惠共0.00元\r\n#退款合计：1笔，商家实收退款共-28.00元，商家优惠退款共0.00元\r\n"
    "#导出时间：[2026年03月06日 06:27:37]\r\n"
)
PAYMENT = {
    "支付宝交易号": "2026030522001400000000000001\t",
    "商户订单号": "SO20260305001\t",
    "业务类型": "交易\t",
    "商品名称": "羊毛围巾",
    "创建时间": "2026-03-05 09:05:30",
    "完成时间": "2026-03-05 09:06:00",
    "门店编号": "\t",
    "对方账户": "*梨(138****1234)\t",
    "订单金额（元）": "128.00",
    "商家实收（元）": "128.00",
    "退款批次号/请求号": "\t",
    "服务费（元）": "-0.77",
}
OTHER = PAYMENT | {"支付宝交易号": "2026030522001400000000000002\t", "商户订单号": "SO20260305002\t"}
REFUND = PAYMENT | {
    "业务类型": "退款\t",
    "完成时间": "2026-03-05 20:00:00",
    "订单金额（元）": "-28.00",
    "商家实收（元）": "-28.00",
    "退款批次号/请求号": "RF001\t",
    "服务费（元）": "0.17",
}


def details(*changes: dict[str, str], totals: str = TOTALS) -> bytes:
    header = HEADERS["alipay_bill"]
    lines = [",".join(row.get(name, "") for name in header) + "\r\n" for row in changes]
    return (PREAMBLE + ",".join(header) + "\r\n" + "".join(lines) + END + totals).encode("gb18030")


def summary() -> bytes:
    header = HEADERS["alipay_bill_summary"]
    rows_ = [["S01", "西湖店", "2", "1", *["0.00"] * 8], ["合计", "", "2", "1", *["0.00"] * 8]]
    lines = "".join(",".join(f"{cell}\t" for cell in row) + "\r\n" for row in rows_)
    return ("#支付宝业务汇总查询\r\n" + ",".join(header) + "\r\n" + lines + "#----业务汇总列表结束----\r\n").encode("gb18030")


def test_bill(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"20260305.csv.zip": zipped({"2088_20260305_业务明细.csv": details(PAYMENT, OTHER, REFUND)})})
    assert not load(home).problems
    paid = datetime(2026, 3, 5, 1, 6, tzinfo=UTC)
    assert rows(home, "channel_payments")[0] == {
        "channel": "alipay",
        "payment_key": "alipay:2026030522001400000000000001",
        "payment_no": "2026030522001400000000000001",
        "merchant_order_no": "SO20260305001",
        "status": "succeeded",
        "paid_at": paid,
        "currency_code": "CNY",
        "paid_amount": Decimal("128.00"),
        "fee_amount": Decimal("0.77"),
    }
    assert rows(home, "channel_refunds") == [
        {
            "channel": "alipay",
            "refund_key": "alipay:2026030522001400000000000001/RF001",
            "refund_no": "RF001",
            "payment_no": "2026030522001400000000000001",
            "order_no": "SO20260305001",
            "status": "succeeded",
            "refunded_at": datetime(2026, 3, 5, 12, tzinfo=UTC),
            "currency_code": "CNY",
            "refunded_amount": Decimal("28.00"),
        }
    ]
    assert rows(home, "channel_contact_points") == [], "a masked account is nobody"
    (counts,) = loads(home).values()
    assert (counts["preamble_count"], counts["footer_count"], counts["loaded_count"], unaccounted(counts)) == (4, 4, 3, 0)


def test_members_are_files_with_readable_names(tmp_path: Path) -> None:
    content = zipped({"业务明细.csv": details(PAYMENT, OTHER, REFUND), "业务明细(汇总).csv": summary()})
    home = home_with(tmp_path, {"20260305.csv.zip": content})
    assert not load(home).problems
    assert {name: row["format_name"] for name, row in loads(home).items()} == {
        "20260305.csv.zip/业务明细.csv": "alipay_bill",
        "20260305.csv.zip/业务明细(汇总).csv": "alipay_bill_summary",
    }
    assert [row["store_key"] for row in rows(home, "channel_stores")] == ["alipay:S01"]
    assert frame(home, "channel_payments").height == 2


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ("交易合计：2笔", "交易合计：3笔", "states '交易合计：3笔', its rows give 2"),
        ("共256.00元", "共257.00元", "its rows give 256.00"),
        ("退款合计：1笔", "退款合计：0笔", "its rows give 1"),
        ("共-28.00元", "共-29.00元", "its rows give -28.00"),
        ("#退款合计", "#", "ends without its totals"),
    ],
)
def test_totals_must_agree(tmp_path: Path, before: str, after: str, told: str) -> None:
    home = home_with(tmp_path, {"bill.csv": details(PAYMENT, OTHER, REFUND, totals=TOTALS.replace(before, after))})
    (problem,) = load(home).refused
    assert told in problem.reason


def test_bill_that_was_cut_is_refused(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"bill.csv": details(PAYMENT, OTHER, totals="").removesuffix(END.encode("gb18030"))})
    (problem,) = load(home).refused
    assert "ends without its totals" in problem.reason
