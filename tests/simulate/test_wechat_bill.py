"""The WeChat Pay bill: backticks, unquoted commas, totals that are right, and the bridge from openid to order."""

from __future__ import annotations

import re
from decimal import Decimal

HEADER = (
    "交易时间,公众账号ID,商户号,特约商户号,设备号,微信订单号,商户订单号,用户标识,交易类型,交易状态,付款银行,货币种类,应结订单金额,代金券金额,"
    "微信退款单号,商户退款单号,退款金额,充值券退款金额,退款类型,退款状态,商品名称,商户数据包,手续费,费率,订单金额,申请退款金额,费率备注"
)
FOOTER = "总交易单数,应结订单总金额,退款总金额,充值券退款总金额,手续费总金额,订单总金额,申请退款总金额"


def _cells(line: str) -> dict[str, str]:
    return dict(zip(HEADER.split(","), line[1:].split(",`"), strict=True))


def test_bill_begins_with_its_header_and_ends_with_its_totals(bills):
    assert len(bills) > 20
    for path, lines in bills:
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        assert lines[0] == HEADER and lines[-2] == FOOTER
        assert all(line.startswith("`") for line in lines[1:-2])


def test_totals_are_the_sums_of_the_rows(bills):
    for _, lines in bills:
        rows = [_cells(line) for line in lines[1:-2]]
        count, settled, refunds, vouchers, fees, orders, asked = lines[-1][1:].split(",`")
        assert int(count) == len(rows)
        expected = {
            "应结订单金额": settled,
            "退款金额": refunds,
            "充值券退款金额": vouchers,
            "手续费": fees,
            "订单金额": orders,
            "申请退款金额": asked,
        }
        for column, total in expected.items():
            assert sum((Decimal(row[column]) for row in rows), Decimal()) == Decimal(total), column


def test_names_with_commas_would_break_a_csv_reader(bills):
    assert any(len(line.split(",")) > 27 for _, lines in bills for line in lines[1:-2])


def test_refunds_repeat_their_payment_and_never_exceed_it(bills):
    rows = [_cells(line) for _, lines in bills for line in lines[1:-2]]
    paid = {row["微信订单号"]: Decimal(row["订单金额"]) for row in rows if row["交易状态"] == "SUCCESS"}
    refunds = [row for row in rows if row["交易状态"] == "REFUND"]
    assert refunds
    for row in refunds:
        assert Decimal(0) < Decimal(row["退款金额"]) <= paid[row["微信订单号"]]


def test_every_wechat_payment_of_an_order_is_in_the_bill(bills, rows_of):
    rows = [_cells(line) for _, lines in bills for line in lines[1:-2]]
    billed = {row["微信订单号"]: row["订单金额"] for row in rows if row["交易状态"] == "SUCCESS"}
    ordered = {row["支付流水号"]: row["订单实付金额"] for row in rows_of("youzan_order") if row["支付流水号"]}
    assert ordered == billed
    assert all(re.fullmatch(r"4200\d{24}", number) for number in billed)


def test_openids_are_28_characters_and_belong_to_one_app(bills):
    rows = [_cells(line) for _, lines in bills for line in lines[1:-2]]
    apps: dict[str, set[str]] = {}
    for row in rows:
        assert re.fullmatch(r"o[A-Za-z0-9_-]{27}", row["用户标识"])
        apps.setdefault(row["用户标识"], set()).add(row["公众账号ID"])
    assert len({app for found in apps.values() for app in found}) == 2
    assert all(len(found) == 1 for found in apps.values())


def test_bill_holds_its_own_days_only(bills):
    for path, lines in bills:
        first, last = (re.findall(r"\d{4}-\d\d-\d\d", path.name) * 2)[:2]
        days = {_cells(line)["交易时间"][:10] for line in lines[1:-2]}
        assert first <= min(days) and max(days) <= last == path.parent.name
