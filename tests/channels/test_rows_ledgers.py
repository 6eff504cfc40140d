"""What the ledgers of accounts (Alipay's, Douyin's) and Douyin's settlement bill become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.canonical import canonical
from tests.channels.headers import HEADERS
from tests.channels.lake import home_with, load, loads, rows
from tests.channels.test_rows_alipay import PAYMENT, REFUND, TOTALS, details

PREAMBLE = (
    "#支付宝账务明细查询\r\n#账号：[20880000000000000156]\r\n#起始日期：[2026年03月05日 00:00:00]   终止日期：[2026年03月06日 00:00:00]\r\n"
    "#-----------------------------------------账务明细列表----------------------------------------\r\n"
)
CLOSED = "#-----------------------------------------账务明细列表结束------------------------------------\r\n"
INCOME_TOTAL = "#收入合计：1笔，共128.00元\r\n"
INCOME = {
    "账务流水号": "54632446537371\t",
    "业务流水号": "2026030522001400000000000001\t",
    "商户订单号": "T200P4512345678901234567\t",
    "商品名称": "羊毛围巾",
    "发生时间": "2026-03-05 09:06:00",
    "收入金额（+元）": "128.00",
    "支出金额（-元）": "0.00",
    "账户余额（元）": "1128.00",
    "业务类型": "交易付款",
}
BACK = INCOME | {
    "账务流水号": "54632446537372",
    "发生时间": "2026-03-06 10:00:00",
    "收入金额（+元）": "",
    "支出金额（-元）": "-28.00",
    "业务类型": "交易退款",
}
FEE = BACK | {"账务流水号": "54632446537373", "支出金额（-元）": "-0.77", "业务类型": "收费"}
PAID, REFUNDED = datetime(2026, 3, 5, 1, 6, tzinfo=UTC), datetime(2026, 3, 6, 2, tzinfo=UTC)


def ledger(*changes: dict[str, str], empty_column: bool = False, end: str = CLOSED + INCOME_TOTAL) -> str:
    header = HEADERS["alipay_fund"]
    lines = [header, *([row.get(name, "") for name in header] for row in changes)]
    return PREAMBLE + "".join(("," if empty_column else "") + ",".join(line) + "\r\n" for line in lines) + end


@pytest.mark.parametrize("is_gbk", [True, False])
def test_alipay_ledger_in_both_encodings(tmp_path: Path, is_gbk: bool) -> None:
    text = ledger(INCOME, BACK, FEE, empty_column=is_gbk)
    found = canonical(tmp_path, "2026-03-06/fund.csv", text.encode("gb18030" if is_gbk else "utf-8-sig"), "alipay_fund")
    assert found == {
        "channel_payments": [
            {
                "channel": "alipay",
                "payment_key": "alipay:2026030522001400000000000001",
                "payment_no": "2026030522001400000000000001",
                "merchant_order_no": "4512345678901234567",
                "status": "succeeded",
                "paid_at": PAID,
                "currency_code": "CNY",
                "paid_amount": Decimal("128.00"),
            }
        ],
        "channel_refunds": [
            {
                "channel": "alipay_fund",
                "refund_key": "alipay_fund:54632446537372",
                "refund_no": "54632446537372",
                "payment_no": "2026030522001400000000000001",
                "order_no": "4512345678901234567",
                "status": "succeeded",
                "refunded_at": REFUNDED,
                "currency_code": "CNY",
                "refunded_amount": Decimal("28.00"),
            }
        ],
    }
    (counts,) = loads(home_with(tmp_path, {})).values()
    assert (counts["preamble_count"], counts["loaded_count"], counts["footer_count"]) == (4, 3, 2), "the fee is read, and becomes no row"


def test_payment_in_bill_and_ledger_is_one_payment(tmp_path: Path) -> None:
    bill = details(PAYMENT, PAYMENT | {"支付宝交易号": "2026030522001400000000000002\t"}, REFUND, totals=TOTALS)
    home = home_with(tmp_path, {"bill.csv": bill, "fund.csv": ledger(INCOME)})
    assert not load(home).problems
    keys = [row["payment_key"] for row in rows(home, "channel_payments")]
    assert (len(keys), len(set(keys))) == (3, 2)


WHOLE = CLOSED + "#支出合计：2笔，共-28.77元\r\n" + INCOME_TOTAL + "#导出时间：[2026年03月06日 06:27:37]\r\n"


@pytest.mark.parametrize(
    ("end", "totals", "footer_count"),
    [
        (WHOLE, "agree", 4),
        (WHOLE.replace("-28.77", "28.77"), "agree", 4),
        (CLOSED + INCOME_TOTAL, "agree", 2),
        (CLOSED, None, 1),
        ("", None, 0),
    ],
    ids=["both", "unsigned", "income alone", "closed without totals", "no lines below"],
)
def test_totals_of_a_ledger_are_checked_where_it_states_them(tmp_path: Path, end: str, totals: str | None, footer_count: int) -> None:
    home = home_with(tmp_path, {"fund.csv": ledger(INCOME, BACK, FEE, end=end)})
    assert load(home).problems == ()
    (counts,) = loads(home).values()
    assert (counts["totals"], counts["footer_count"], counts["loaded_count"]) == (totals, footer_count, 3)


def test_totals_of_a_ledger_whose_expenses_have_no_sign(tmp_path: Path) -> None:
    unsigned = [row | {"支出金额（-元）": row["支出金额（-元）"].removeprefix("-")} for row in (INCOME, BACK, FEE)]
    home = home_with(tmp_path, {"fund.csv": ledger(*unsigned, end=WHOLE)})
    assert load(home).problems == ()
    assert loads(home)["fund.csv"]["totals"] == "agree"


@pytest.mark.parametrize(
    ("rows_", "end", "told"),
    [
        ((INCOME, BACK, FEE), WHOLE.replace("128.00", "129.00"), "states '收入合计：1笔，共129.00元', its rows give 128.00"),
        ((INCOME, BACK, FEE), WHOLE.replace("-28.77", "-28.78"), "its rows give 28.77"),
        ((INCOME, FEE), WHOLE, "its rows give 0.77"),
        ((BACK, FEE), CLOSED + INCOME_TOTAL, "its rows give 0"),
    ],
    ids=["income", "expense", "lost expense", "lost income"],
)
def test_ledger_whose_totals_differ_is_refused(tmp_path: Path, rows_: tuple[dict[str, str], ...], end: str, told: str) -> None:
    (problem,) = load(home_with(tmp_path, {"fund.csv": ledger(*rows_, end=end)})).refused
    assert problem.kind == "totals_differ"
    assert told in problem.reason


SETTLEMENT = {
    "结算时间": "2026-03-15 10:00:00",
    "订单号": "'6917000000000000001",
    "子订单号": "'6917000000000000001",
    "结算金额": "1,193.50",
    "结算单类型": "已结算",
    "用户实付": "1,250.00",
    "平台补贴": "8.00",
    "平台服务费": "-64.50",
}
FUND = {
    "动账时间": "2026-03-15 10:00:05",
    "动帐流水号": "'202603150000000000000000001",
    "动账方向": "入账",
    "动账金额": "1193.50",
    "动账场景": "货款结算入账",
    "子订单号": "'6917000000000000001",
    "订单号": "'6917000000000000001",
    "订单实付应结": "1250.00",
    "订单退款": "0",
}


def table(name: str, *changes: dict[str, str], below: str = "") -> str:
    header = HEADERS[name]
    quoted = ['"' + '","'.join(row.get(column, "") for column in header) + '"' for row in changes]
    return "\ufeff" + "\r\n".join([",".join(header), *([below] if below else []), *quoted, ""])


def test_douyin_settlement(tmp_path: Path) -> None:
    back = SETTLEMENT | {"结算单类型": "结算后退款-原路退", "用户实付": "-28.00"}
    text = table("douyin_settlement", SETTLEMENT, back, below=" , , ,收入+支出, , , , , , , , , , , , , , , , , ,商品+运费")
    found = canonical(tmp_path, "2026-03-16/s.csv", text, "douyin_settlement")
    assert found == {
        "channel_payments": [
            {
                "channel": "douyin",
                "payment_key": "douyin:6917000000000000001/20260315020000/1",
                "payment_no": "6917000000000000001/20260315020000/1",
                "merchant_order_no": "6917000000000000001",
                "status": "succeeded",
                "paid_at": datetime(2026, 3, 15, 2, tzinfo=UTC),
                "currency_code": "CNY",
                "paid_amount": Decimal("1250.00"),
            }
        ]
    }
    (counts,) = loads(home_with(tmp_path, {})).values()
    assert (counts["footer_count"], counts["loaded_count"]) == (1, 2), "the explanation below the header is no row"


@pytest.mark.parametrize("spelling", ["动帐流水号", "动账流水号"])
def test_douyin_ledger(tmp_path: Path, spelling: str) -> None:
    given_back = FUND | {"动帐流水号": "'202603150000000000000000002", "动账方向": "出账", "动账金额": "-26.60", "订单退款": "-28.00"}
    given_back["动账场景"] = "退款-结算后退款-退用户"
    withdrawn = FUND | {"动帐流水号": "'202603150000000000000000003", "动账方向": "出账", "动账场景": "提现", "订单号": "", "子订单号": ""}
    text = table("douyin_fund", FUND, given_back, withdrawn).replace("动帐流水号", spelling)
    found = canonical(tmp_path, "2026-03-16/f.csv", text, "douyin_fund")
    moment = datetime(2026, 3, 15, 2, 0, 5, tzinfo=UTC)
    assert found == {
        "channel_payments": [
            {
                "channel": "douyin_fund",
                "payment_key": "douyin_fund:202603150000000000000000001",
                "payment_no": "202603150000000000000000001",
                "merchant_order_no": "6917000000000000001",
                "status": "succeeded",
                "paid_at": moment,
                "currency_code": "CNY",
                "paid_amount": Decimal("1250.00"),
                "payment_method": "货款结算入账",
            }
        ],
        "channel_refunds": [
            {
                "channel": "douyin_fund",
                "refund_key": "douyin_fund:202603150000000000000000002",
                "refund_no": "202603150000000000000000002",
                "order_no": "6917000000000000001",
                "status": "succeeded",
                "refunded_at": moment,
                "currency_code": "CNY",
                "refunded_amount": Decimal("28.00"),
                "reason": "退款-结算后退款-退用户",
            }
        ],
    }, "what the buyer paid and got back, not what fees left of it"
