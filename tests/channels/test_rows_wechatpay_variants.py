"""What the variants SUCCESS and REFUND of WeChat Pay's trade bill become, row by row."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels.headers import HEADERS
from tests.channels.lake import canonical, home_with, load, loads, rows

FOOTER = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"
PAYMENT = {
    "交易时间": "2026-03-05 09:06:00",
    "公众账号ID": "wx1",
    "商户号": "1900000001",
    "特约商户号": "0",
    "微信订单号": "4200000000202603050000000001",
    "商户订单号": "YZ1",
    "用户标识": "oAbc",
    "交易类型": "JSAPI",
    "交易状态": "SUCCESS",
    "付款银行": "OTHERS",
    "货币种类": "CNY",
    "应结订单金额": "120.00",
    "代金券金额": "8.00",
    "商品名称": "围巾,红色",
    "手续费": "0.77000",
    "费率": "0.60%",
    "订单金额": "128.00",
}
REFUND = PAYMENT | {
    "交易状态": "REFUND",
    "退款申请时间": "2026-03-07 10:00:00",
    "退款成功时间": "2026-03-08 10:00:00",
    "微信退款单号": "5030000001",
    "退款金额": "28.00",
    "退款类型": "ORIGINAL",
    "退款状态": "SUCCESS",
    "手续费": "-0.17000",
}


def bill(name: str, row: dict[str, str], totals: str) -> str:
    header = HEADERS[name]
    cells = ",".join("`" + row.get(column, "") for column in header)
    return "\r\n".join([",".join(header), cells, FOOTER, ",".join("`" + total for total in totals.split(",")), ""])


def test_payments_alone(tmp_path: Path) -> None:
    found = canonical(tmp_path, "bill2026-03-07.csv", bill("wechatpay_success", PAYMENT, "1,120.00,0.00,0.00,0.77000,128.00,0.00"))
    moment = datetime(2026, 3, 5, 1, 6, tzinfo=UTC)
    assert found["channel_payments"] == [
        {
            "channel": "wechatpay",
            "payment_key": "wechatpay:4200000000202603050000000001",
            "payment_no": "4200000000202603050000000001",
            "merchant_order_no": "YZ1",
            "status": "succeeded",
            "source_record_key": "wechatpay:wx1/oAbc",
            "paid_at": moment,
            "currency_code": "CNY",
            "paid_amount": Decimal("128.00"),
            "fee_amount": Decimal("0.77"),
            "payment_method": "JSAPI",
        }
    ]
    assert [(row["type"], row["scope"], row["value_raw"], row["first_seen_at"]) for row in found["channel_contact_points"]] == [
        ("openid", "wx1", "oAbc", moment),
        ("payment_order_no", "wechatpay", "4200000000202603050000000001", moment),
    ]
    assert set(found) == {"channel_payments", "channel_contact_points"}


def test_refunds_alone(tmp_path: Path) -> None:
    found = canonical(tmp_path, "bill2026-03-09.csv", bill("wechatpay_refund", REFUND, "1,0.00,28.00,0.00,-0.17000,0.00,28.00"))
    moment = datetime(2026, 3, 7, 2, tzinfo=UTC)
    assert found["channel_refunds"] == [
        {
            "channel": "wechatpay",
            "refund_key": "wechatpay:5030000001",
            "refund_no": "5030000001",
            "payment_no": "4200000000202603050000000001",
            "order_no": "YZ1",
            "status": "succeeded",
            "source_record_key": "wechatpay:wx1/oAbc",
            "refunded_at": moment,
            "currency_code": "CNY",
            "refunded_amount": Decimal("28.00"),
        }
    ]
    assert {row["first_seen_at"] for row in found["channel_contact_points"]} == {moment}
    assert set(found) == {"channel_refunds", "channel_contact_points"}, "the amounts of the order beside it are no payment"


def test_totals_that_differ_refuse_the_bill(tmp_path: Path) -> None:
    home = home_with(
        tmp_path,
        {
            "a.csv": bill("wechatpay_success", PAYMENT, "1,121.00,0.00,0.00,0.77000,128.00,0.00"),
            "b.csv": bill("wechatpay_refund", REFUND, "2,0.00,28.00,0.00,-0.17000,0.00,28.00"),
        },
    )
    load(home)
    assert {name: row["outcome"] for name, row in loads(home).items()} == {"a.csv": "refused", "b.csv": "refused"}
    assert rows(home, "channel_payments") == rows(home, "channel_refunds") == []


def test_bill_of_older_years_has_one_amount_of_the_order(tmp_path: Path) -> None:
    header = HEADERS["wechatpay_all_v1"]
    payment = PAYMENT | {"总金额": "128.00", "企业红包金额": "8.00", "微信退款单号": "0", "退款金额": "0", "手续费": "0.77000"}
    refund = payment | {"交易时间": "2026-03-07 10:00:00", "交易状态": "REFUND", "总金额": "0.00", "手续费": "-0.17000"}
    refund |= {"微信退款单号": "5030000001", "退款金额": "28.00", "退款状态": "SUCCESS"}
    footer = "总交易单数,总交易额,总退款金额,总企业红包退款金额,手续费总金额"
    cells = [",".join("`" + row.get(column, "") for column in header) for row in (payment, refund)]
    text = "\r\n".join([",".join(header), *cells, footer, "`2,`128.00,`28.00,`0.00,`0.60000", ""])
    found = canonical(tmp_path, "bill2026-03-07.csv", text)
    assert [(row["payment_no"], row["paid_amount"], row["fee_amount"]) for row in found["channel_payments"]] == [
        ("4200000000202603050000000001", Decimal("128.00"), Decimal("0.770000"))
    ], "the voucher is part of the amount"
    assert [(row["refund_no"], row["payment_no"], row["refunded_amount"]) for row in found["channel_refunds"]] == [
        ("5030000001", "4200000000202603050000000001", Decimal("28.00"))
    ]
    wrong = home_with(tmp_path / "wrong", {"bill.csv": text.replace("`128.00,`28.00,`0.00", "`129.00,`28.00,`0.00")})
    (problem,) = load(wrong).refused
    assert "128.00" in problem.reason
