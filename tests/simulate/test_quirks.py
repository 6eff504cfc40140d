"""What makes the real exports nasty stands in the simulated ones: protection, ciphertext, masks, preambles, totals, late values."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipelines.simulate import SimulationSummary

Row = dict[str, str]


@pytest.fixture(scope="module")
def folder(every_export: tuple[Path, SimulationSummary]) -> Path:
    return every_export[0]


def texts(folder: Path, pattern: str, encoding: str) -> Iterator[tuple[Path, str]]:
    paths = sorted(folder.glob(f"*/{pattern}"))
    assert paths, pattern
    for path in paths:
        raw = path.read_bytes()
        yield path, (gzip.decompress(raw) if path.suffix == ".gz" else raw).decode(encoding)


def rows(folder: Path, pattern: str, encoding: str) -> list[Row]:
    found = []
    for path, text in texts(folder, pattern, encoding):
        found += [row | {"_day": path.parent.name} for row in csv.DictReader(io.StringIO(text, newline=""))]
    return found


def sheet(folder: Path, pattern: str) -> pl.DataFrame:
    paths = sorted(folder.glob(f"*/{pattern}"))
    return pl.concat([fastexcel.read_excel(path).load_sheet(0, dtypes="string").to_polars() for path in paths])


def test_douyin_hides_people_anew_in_every_order(folder: Path) -> None:
    orders = rows(folder, "douyin_orders_*.csv", "utf-8-sig")
    ciphers = defaultdict(set)
    for row in orders:
        assert row["主订单编号"].startswith("\t") and re.fullmatch("##.+##", row["收件人"])
        assert re.fullmatch(r"\$\$.+\$\$", row["收件人手机号"])
        ciphers[row["主订单编号"]].add(row["收件人手机号"])
    assert all(len(found) == 1 for found in ciphers.values()), "an order that comes again shows the same"
    assert len({cipher for found in ciphers.values() for cipher in found}) == len(ciphers)


def test_douyin_joins_some_orders_in_one_row_with_their_sums(folder: Path) -> None:
    joined = [row for row in rows(folder, "douyin_orders_*.csv", "utf-8-sig") if ";" in row["子订单编号"]]
    assert joined
    for row in joined:
        count = row["子订单编号"].count(";")
        assert {row[name].count(";") for name in ("选购商品", "商品ID", "商家编码")} == {count}
        assert int(row["商品数量"]) > count


def test_douyin_knows_where_visitors_came_from_a_day_late(folder: Path) -> None:
    for row in rows(folder, "douyin_orders_*.csv", "utf-8-sig"):
        assert (row["流量体裁"] == "数据将于第二天更新") == row["订单提交时间"].startswith(row["_day"])


def test_douyin_cases_tell_of_money_exchanges_and_withdrawals(folder: Path) -> None:
    cases = rows(folder, "douyin_aftersales_*.csv", "utf-8-sig")
    assert {row["售后状态"].replace(",", "，") for row in cases} >= {"同意退款，退款成功", "换货成功", "售后关闭"}
    paid_back = [row for row in cases if row["售后状态"].startswith("同意退款")]
    assert all(row["商家退款时间"] >= row["售后申请时间"] for row in paid_back)
    assert all(row["售后单号"].startswith("'") for row in cases)


def test_orders_come_again_with_a_later_status(folder: Path) -> None:
    steps = {"待支付": 0, "待发货": 1, "已发货": 2, "已完成": 3, "已关闭": 4}
    versions = defaultdict(list)
    for row in rows(folder, "douyin_orders_*.csv", "utf-8-sig"):
        versions[row["子订单编号"]].append(steps[row["订单状态"]])
    again = [found for found in versions.values() if len(found) > 1]
    assert len(again) > 10 and all(found == sorted(found) for found in again)


def test_taobao_protects_numbers_and_writes_words_into_amounts(folder: Path) -> None:
    orders = rows(folder, "ExportOrderOutletList*.csv", "gb18030")
    assert all(re.fullmatch(r'="\d{19}"', row["订单编号"]) for row in orders)
    assert {row["退款金额"] for row in orders if row["订单关闭原因"] == "订单未关闭"} >= {"无退款申请"}
    assert any(row["打款商家金额"].endswith("元") for row in orders)
    for row in orders:
        if row["支付单号"]:
            assert row["支付单号"] in row["支付详情"] and row["买家实际支付金额"] in row["支付详情"]


def test_numbers_of_qianniu_are_texts_and_amounts_numbers(folder: Path) -> None:
    path = min(folder.glob("*/ExportOrderTmallList*.xlsx"))
    orders = fastexcel.read_excel(path).load_sheet(0).to_polars()
    assert orders.schema["订单编号"] == pl.String and orders.schema["总金额"].is_numeric()
    assert not {"买家会员名", "收货人姓名"} & set(orders.columns)


def test_jd_lines_end_in_a_comma_and_say_what_was_taken_back(folder: Path) -> None:
    for _, text in texts(folder, "jd_orders_*.csv", "gb18030"):
        assert all(line.endswith(",") for line in text.splitlines())
    orders = rows(folder, "jd_orders_*.csv", "gb18030")
    assert any(row["商品ID"].endswith(".0") for row in orders)
    assert any("****" in row["联系电话"] for row in orders) and any(row["联系电话"].isdigit() for row in orders)
    assert {row["订单状态"] for row in orders} >= {"完成", "等待确认收货"}


def test_pinduoduo_counts_a_blank_line_above_the_header_and_sums_below(folder: Path) -> None:
    for _, text in texts(folder, "pdd_settlement_*.csv", "gb18030"):
        lines = text.split("\r\n")
        assert (lines[1], lines[4].split(",")[0]) == ("", "商户订单号")
        income = sum(float(row.split(",")[2]) for row in lines[5:-3] if '"' not in row)
        quoted = sum(float(next(csv.reader([row]))[2].replace(",", "")) for row in lines[5:-3] if '"' in row)
        assert lines[-2].startswith("合计,,") and abs(float(lines[-2].split(",")[2]) - income - quoted) < 0.01


def test_wechat_store_shows_real_virtual_and_masked_phones(folder: Path) -> None:
    phones = sheet(folder, "weixin_store_orders_*.xlsx")["收件人手机"]
    for shape in (r"^1\d{10}$", r"^184\d{8}-\d{4}$", r"^1\d\d\*{4}\d{4}$"):
        assert phones.str.contains(shape).any(), shape


def test_followers_that_left_say_nothing_of_themselves(folder: Path) -> None:
    followers = [follower for _, text in texts(folder, "wxmp_followers_*.json", "utf-8") for follower in json.loads(text)["user_info_list"]]
    gone = [follower for follower in followers if not follower["subscribe"]]
    assert gone and all(follower["unionid"] is None and follower["subscribe_time"] is None for follower in gone)
    assert {follower["nickname"] for follower in followers} == {"", None}


def test_google_speaks_three_dialects(folder: Path) -> None:
    english = next(texts(folder, "google_ads_2026*.csv", "utf-8-sig"))[1].split("\n")
    assert english[1] == '"March 1, 2026 - March 20, 2026"' and english[-2].startswith('"Total: Campaigns, all",')
    excel = next(iter(sorted(folder.glob("*/google_ads_excel_*.csv")))).read_bytes()
    assert excel[:2] == b"\xff\xfe" and excel.decode("utf-16").split("\n")[2].count("\t") == 8
    german = next(texts(folder, "google_ads_de_*.csv", "utf-8"))[1]
    assert "01.03.2026 - 20.03.2026" in german and re.search(r'"\d\.\d{3},\d\d"', german)


def test_ga4_parameter_changes_its_type_and_some_visitors_are_nobody(folder: Path) -> None:
    events = [json.loads(line) for _, text in texts(folder, "events_*.json.gz", "utf-8") for line in text.splitlines()]
    values = [param["value"] for event in events for param in event["event_params"] if param["key"] == "value"]
    assert any(value["int_value"] for value in values) and any(value["double_value"] for value in values)
    assert not any(value["int_value"] and value["double_value"] for value in values)
    hidden = [event for event in events if event["privacy_info"]["analytics_storage"] == "No"]
    assert hidden and all(event["user_pseudo_id"] is None and event["user_id"] is None for event in hidden)


def test_a_refund_changes_the_old_row_of_its_charge(folder: Path) -> None:
    for pattern in ("payments-*.csv", "unified_payments-*.csv"):
        charges = rows(folder, pattern, "utf-8")
        assert {row["Status"] for row in charges} >= {"Paid", "Failed"}
        for row in charges:
            assert (float(row["Amount Refunded"].replace(",", "")) > 0) == (row["Status"] in ("Refunded", "Partially Refunded"))


def test_siss_counts_cash_as_handed_over(folder: Path) -> None:
    payments = rows(folder, "t_rm_payflow_*.csv.gz", "gb18030")
    change = {row["flow_no"]: float(row["pay_amount"]) for row in payments if row["sell_way"] == "D"}
    cash = {row["flow_no"]: row for row in payments if row["pay_way"].strip() == "RMB" and row["sell_way"] == "A"}
    assert change and all(
        abs(float(cash[number]["pay_amount"]) - back - float(cash[number]["sale_amount"])) < 0.001 for number, back in change.items()
    )
