"""The 25 nastiest things that platforms and spreadsheets do to exports, through the whole engine: what is read of each, or why not."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.normalization import comparable_values
from tests.channels import samples, world
from tests.channels import test_rows_alipay as alipay
from tests.channels import test_rows_costs as costs
from tests.channels import test_rows_douyin as douyin
from tests.channels import test_rows_jd as jd
from tests.channels import test_rows_pinduoduo as pdd
from tests.channels import test_rows_stripe as stripe
from tests.channels import test_rows_taobao_third as taobao_v3
from tests.channels import test_rows_wechatpay_variants as wechatpay
from tests.channels import test_rows_weixin_store as weixin
from tests.channels.archives import zipped
from tests.channels.canonical import Rows, canonical, csv
from tests.channels.lake import frame, home_with, load, loads, rows, unaccounted

DAY = "2026-07-07"


def only(found: Rows, table: str) -> dict[str, Any]:
    (row,) = found[table]
    return row


def told(home: Home) -> list[tuple[int, str, str | None]]:
    """Line, column and value of what was set aside."""
    found = frame(home, "channel_quarantine").sort("_source_row")
    return found.select("_source_row", "column_name", "value").rows()


def taobao(folder: Path, *changes: Mapping[str, str]) -> Rows:
    return canonical(folder, f"{DAY}/orders.csv", samples.taobao(*changes), "taobao_order_v1")


def phone_states(folder: Path, *phones: str) -> dict[str, tuple[str, str]]:
    """State and comparable value of phones as an order list delivers them."""
    changes = [{"订单编号": str(number), "买家会员名": f"nick{number}", "联系手机": phone} for number, phone in enumerate(phones)]
    points = [row for row in taobao(folder, *changes)["channel_contact_points"] if row["type"] == "phone"]
    known = comparable_values(pl.DataFrame(points).select("type", "value_raw").unique(), Config())
    by_raw = {row["value_raw"]: (row["state"], row["value"]) for row in known.to_dicts()}
    return {raw: by_raw[raw] for raw in (row["value_raw"] for row in points)}


def test_01_formula_around_an_id_is_taken_off_quoted_or_not(tmp_path: Path) -> None:
    header, line = samples.taobao().splitlines()
    number = samples.TAOBAO_ROW["订单编号"]
    lines = [header, line.replace(number, '="4512345678901234567"'), line.replace(number, '"=""4512345678901234568"""')]
    found = canonical(tmp_path, f"{DAY}/orders.csv", "\n".join(lines) + "\n", "taobao_order_v1")
    assert [row["order_no"] for row in found["channel_orders"]] == ["4512345678901234567", "4512345678901234568"]


def test_02_spaces_and_line_breaks_in_header_names_are_no_part_of_them(tmp_path: Path) -> None:
    text = samples.taobao().replace("收货地址 ,", '"收货\n地址 ",', 1).replace("订单付款时间 ", "  订单付款时间\u3000", 1)
    found = canonical(tmp_path, f"{DAY}/orders.csv", text, "taobao_order_v1")
    assert only(found, "channel_profiles")["city"] == "杭州市"
    assert only(found, "channel_orders")["paid_at"] == datetime(2026, 3, 5, 1, 6, tzinfo=UTC)


def test_03_apostrophes_before_phones_and_ids_are_taken_off(tmp_path: Path) -> None:
    customer = {"Customer ID": "'6917000000000000001", "Phone": "'+61400000000", "Default Address Phone": "'13800138000"}
    text = samples.table(samples.SHOPIFY_CUSTOMER_HEADER, [customer])
    found = canonical(tmp_path, f"{DAY}/customers.csv", text, "shopify_customers")
    assert {row["value_raw"] for row in found["channel_contact_points"]} == {"6917000000000000001", "+61400000000", "13800138000"}


def test_04_tab_inside_quotes_is_taken_off_and_a_comma_there_parts_nothing(tmp_path: Path) -> None:
    found = canonical(tmp_path, f"{DAY}/orders.csv", douyin.orders({}), "douyin_order")
    assert '"\t围巾, 两条装"' in douyin.orders({})
    line = only(found, "channel_order_lines")
    assert (line["order_key"], line["product_name"]) == ("douyin:6917000000000000001", "围巾, 两条装")


def test_05_tab_before_the_comma_is_taken_off(tmp_path: Path) -> None:
    totals = "#交易合计：1笔，商家实收共128.00元\r\n#退款合计：0笔，商家实收退款共0.00元\r\n"
    found = canonical(tmp_path, f"{DAY}/bill.csv", alipay.details(alipay.PAYMENT, totals=totals), "alipay_bill")
    payment = only(found, "channel_payments")
    assert (payment["payment_no"], payment["merchant_order_no"]) == ("2026030522001400000000000001", "SO20260305001")


def test_06_comma_behind_a_backtick_parts_nothing(tmp_path: Path) -> None:
    bill = wechatpay.bill("wechatpay_all", wechatpay.PAYMENT, "1,120.00,0.00,0.00,0.77000,128.00,0.00")
    assert "`围巾,红色,`" in bill
    payment = only(canonical(tmp_path, f"{DAY}/bill.csv", bill, "wechatpay_all"), "channel_payments")
    assert (payment["paid_amount"], payment["fee_amount"]) == (Decimal("128.00"), Decimal("0.77"))


def test_07_second_table_at_the_end_is_no_row_but_a_check(tmp_path: Path) -> None:
    bill = wechatpay.bill("wechatpay_all", wechatpay.PAYMENT, "1,120.00,0.00,0.00,0.77000,128.00,0.00")
    home = home_with(tmp_path, {f"{DAY}/bill.csv": bill, f"{DAY}/cut.csv": bill.replace("`1,`120.00", "`2,`240.00")})
    (problem,) = load(home).problems
    assert (problem.path, "states 总交易单数 '2', its rows give 1" in problem.reason) == (f"{DAY}/cut.csv", True)
    row = loads(home)[f"{DAY}/bill.csv"]
    assert (row["loaded_count"], row["footer_count"], unaccounted(row)) == (1, 2, 0)


def test_08_zip_with_gbk_names_and_a_preamble_is_read_even_with_an_empty_first_column(tmp_path: Path) -> None:
    details = alipay.details(alipay.PAYMENT, alipay.OTHER, alipay.REFUND)
    shifted = "".join(
        line if line.startswith("#") else f",{line}"
        for line in details.decode("gb18030").replace("SO2026", "SX2026").splitlines(keepends=True)
    )
    home = home_with(tmp_path, {f"{DAY}/bill.zip": zipped({"业务明细.csv": details, "空列.csv": shifted.encode("gb18030")})})
    assert not load(home).problems
    assert {name: row["loaded_count"] for name, row in loads(home).items()} == {
        f"{DAY}/bill.zip/业务明细.csv": 3,
        f"{DAY}/bill.zip/空列.csv": 3,
    }
    assert {row["merchant_order_no"][:2] for row in rows(home, "channel_payments")} == {"SO", "SX"}


def test_09_blank_line_in_the_preamble_is_a_line(tmp_path: Path) -> None:
    text = pdd.settlement("260305-000000000012345,2026-03-05 09:05:00,128.00,0.00,交易收入,,0010002|交易收入-订单收入")
    found = canonical(tmp_path, f"{DAY}/money.csv", text, "pdd_settlement")
    assert only(found, "channel_payments")["paid_amount"] == Decimal("128.00")
    row = loads(Home(tmp_path))[f"{DAY}/money.csv"]
    assert (row["preamble_count"], row["header_count"], row["blank_count"], row["loaded_count"]) == (4, 1, 0, 1)


def test_10_totals_row_is_no_cost(tmp_path: Path) -> None:
    header = "日期,商品ID,商品名称,推广场景,推广名称,总花费(元),曝光量,点击量\n"
    text = header + "2026-06-03,690001,围巾,全站,春季,96.40,8050,471\n总计,-,-,-,-,120.40,9050,480\n"
    found = canonical(tmp_path, f"{DAY}/promo.csv", text, "pdd_promo")
    assert only(found, "channel_costs")["cost_amount"] == Decimal("96.40")
    assert loads(Home(tmp_path))[f"{DAY}/promo.csv"]["footer_count"] == 1


def test_11_report_with_period_totals_and_dashes_is_read_in_english_and_in_german(tmp_path: Path) -> None:
    german = (
        "Kampagnenbericht\n01.06.2026 - 30.06.2026\nKampagne,Währungscode,Impr.,Klicks,Kosten\n"
        'Frühling,EUR,51.200,640,"1.804,50"\nGesamt: Konto,EUR,51.200,640,"1.804,50"\n'
    )
    english = canonical(tmp_path / "en", f"{DAY}/g.csv", costs.GOOGLE, "google_ads_campaign")["channel_costs"]
    assert [(row["cost_amount"], row.get("impression_count")) for row in english] == [(Decimal("1804.50"), 51_200), (Decimal(0), None)]
    found = only(canonical(tmp_path / "de", f"{DAY}/g.csv", german, "google_ads_campaign_de"), "channel_costs")
    assert (found["cost_amount"], found["spent_from_on"]) == (Decimal("1804.50"), date(2026, 6, 1))


def test_12_ciphertext_is_nobody(tmp_path: Path) -> None:
    other = {"主订单编号": "2", "子订单编号": "2", "收件人": "##Xk2q0pTz##", "收件人手机号": "$$other$$"}
    found = canonical(tmp_path, f"{DAY}/orders.csv", douyin.orders({}, other), "douyin_order")
    assert set(found) == {"channel_orders", "channel_order_lines"}
    assert not any("source_record_key" in row for row in found["channel_orders"])


def test_13_masks_of_every_shape_are_masked_and_no_names(tmp_path: Path) -> None:
    masks = ("138****1234", "138******34", "*梨(138****1234)", "****")
    assert {state for state, _ in phone_states(tmp_path / "phones", *masks).values()} == {"masked"}
    email = comparable_values(pl.DataFrame({"type": ["email"], "value_raw": ["buy***@example.com"]}), Config())
    assert email["state"].to_list() == ["masked"]
    masked = taobao(tmp_path / "names", {"收货人姓名": "阿*"})
    assert "full_name" not in only(masked, "channel_profiles")


def test_14_virtual_numbers_are_virtual_in_every_shape(tmp_path: Path) -> None:
    shapes = ("18400001234-5678", "18400001234转5678", "18400001234,5678")
    assert {state for state, _ in phone_states(tmp_path, *shapes).values()} == {"virtual"}


def test_15_lost_digits_are_never_made_up(tmp_path: Path) -> None:
    """Real, masked, virtual and lossy are four states; no phone comes out of 1.38E+10."""
    states = phone_states(tmp_path / "phones", "'13800000001", "138****0001", "18400001234-5678", "1.38E+10")
    assert [state for state, _ in states.values()] == ["real", "masked", "virtual", "lossy"]
    assert states["13800000001"][1] == "+8613800000001"
    assert not any("13800000000" in value for _, value in states.values())
    numbers = ["4.51235E+18", "4512345678901210000", "4512345678901220000", "4512345678901230000"]
    home = home_with(tmp_path / "ids", {f"{DAY}/a.csv": samples.taobao(*({"订单编号": number} for number in numbers))})
    load(home)
    assert told(home) == [(line, "订单编号", number) for line, number in enumerate(numbers, start=2)]
    assert not rows(home, "channel_orders")
    line = canonical(tmp_path / "sku", f"{DAY}/a.csv", jd.orders({"商品ID": "10099900011122.0"}), "jd_order_v1")["channel_order_lines"]
    assert line[0]["product_id_channel"] == "10099900011122"
    long = home_with(tmp_path / "long", {f"{DAY}/a.csv": jd.orders({"订单号": "2900000000012345678.0"})})
    load(long)
    assert told(long) == [(2, "订单号", "2900000000012345678.0")]


def test_16_several_items_in_one_row_share_one_amount(tmp_path: Path) -> None:
    merged = {"子订单编号": "691A;691B", "选购商品": "围巾;帽子", "商品ID": "2001;2002", "商家编码": "W01;M02", "商品数量": "3"}
    found = canonical(tmp_path, f"{DAY}/orders.csv", douyin.orders(merged | {"订单应付金额": "148.90", "运费": "-"}), "douyin_order")
    line = only(found, "channel_order_lines")
    assert (line["quantity"], line["line_amount"], line.get("product_id_channel")) == (Decimal(3), Decimal("148.90"), None)
    assert only(found, "channel_orders")["paid_amount"] == Decimal("148.90")


def test_17_the_same_header_twice_means_its_first_column(tmp_path: Path) -> None:
    header = samples.YOUZAN_ORDER_HEADER
    assert header.count("分销员") == 2
    row = [samples.YOUZAN_ORDER_ROW.get(name, "") for name in header]
    row[len(header) - 1] = "另一个分销员"
    text = samples.table(header, [samples.YOUZAN_ORDER_ROW]).splitlines()[0] + "\n" + csv([dict(enumerate(row))]).splitlines()[1] + "\n"  # type: ignore[list-item]
    found = canonical(tmp_path, f"{DAY}/orders.csv", text, "youzan_order")
    assert only(found, "channel_orders")["order_no"] == "E20260305090500000001"
    assert "另一个分销员" not in str(found)


def test_18_comma_at_the_end_holds_nothing_and_short_or_long_rows_are_set_aside(tmp_path: Path) -> None:
    header = ",".join(samples.YOUZAN_CUSTOMER_HEADER)
    assert header.endswith(",")
    whole = ["阿梨", "阿梨", "13800000001"] + [""] * 11
    lines = [header, ",".join(whole), ",".join(whole[:-1]).replace("1380", "1390"), "阿梨,阿梨,138****1234", ",".join([*whole, "x", "y"])]
    home = home_with(tmp_path, {f"{DAY}/customers.csv": "\n".join(lines) + "\n"})
    load(home)
    row = loads(home)[f"{DAY}/customers.csv"]
    assert (row["loaded_count"], row["quarantined_count"], unaccounted(row)) == (1, 3, 0)
    assert [reason[:10] for reason in frame(home, "channel_quarantine").sort("_source_row")["reason"]] == ["record has"] * 3


def test_19_explanation_row_under_the_header_is_no_record(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    contract = (
        "format: explained_stock\nextends: generic_stock\ntitle: t\nrows_below_header: 1\n"
        "detect: [product_id, counted_on, quantity, 动账]\n"
    )
    (tmp_path / "formats" / "explained_stock.yaml").write_text(contract)
    text = "product_id,counted_on,quantity,动账\n , ,收入+支出, \n'7,2026-03-05,3,x\n"
    home = home_with(tmp_path, {f"{DAY}/stock.csv": text})
    assert not load(home, formats_folders=[tmp_path / "formats"]).problems
    row = loads(home)[f"{DAY}/stock.csv"]
    assert (row["header_count"], row["loaded_count"], unaccounted(row)) == (2, 1, 0)
    assert [found["product_id_channel"] for found in rows(home, "channel_stock")] == ["7"]


def test_20_every_spelling_of_nothing_is_nothing(tmp_path: Path) -> None:
    google = [
        row.get("impression_count")
        for row in canonical(tmp_path / "g", f"{DAY}/g.csv", costs.GOOGLE, "google_ads_campaign")["channel_costs"]
    ]
    assert google == [51_200, None]
    dash = canonical(tmp_path / "d", f"{DAY}/d.csv", douyin.orders({"订单完成时间": "-", "运费": " "}), "douyin_order")
    assert not {"completed_at", "shipping_amount"} & only(dash, "channel_orders").keys()
    nan = canonical(tmp_path / "j", f"{DAY}/j.csv", jd.orders({"客户姓名": "nan", "运费金额": "nan"}), "jd_order_v1")
    assert "full_name" not in only(nan, "channel_profiles")
    words = taobao_v3.report("taobao_order_v3", taobao_v3.ORDER | {"退款金额": "无退款申请", "订单关闭原因": "订单未关闭"})
    order = only(canonical(tmp_path / "t", f"{DAY}/t.xlsx", words, "taobao_order_v3"), "channel_orders")
    assert order.get("refunded_amount") in (None, Decimal(0))
    assert not order["is_refund_inferred"]


def test_21_order_values_are_taken_once_from_the_first_row_or_from_every_row(tmp_path: Path) -> None:
    scarf = {
        "Name": "#1007",
        "Email": "a@example.com",
        "Financial Status": "paid",
        "Paid at": "2026-03-05 09:06:00 +0800",
        "Total": "148.00",
    }
    scarf |= {"Created at": "2026-03-05 09:05:00 +0800", "Lineitem quantity": "1", "Lineitem name": "Scarf", "Lineitem price": "100.00"}
    hat = {
        "Name": "#1007",
        "Email": "a@example.com",
        "Created at": scarf["Created at"],
        "Lineitem quantity": "2",
        "Lineitem price": "24.00",
    }
    text = samples.table(samples.SHOPIFY_ORDER_HEADER, [scarf, hat | {"Lineitem name": "Hat"}])
    found = canonical(tmp_path / "shopify", f"{DAY}/o.csv", text, "shopify_orders")
    assert (only(found, "channel_orders")["paid_amount"], len(found["channel_order_lines"])) == (Decimal("148.00"), 2)
    repeated = canonical(tmp_path / "jd", f"{DAY}/o.csv", jd.orders({}, {"商品ID": "2", "商品名称": "帽子"}), "jd_order_v1")
    assert (only(repeated, "channel_orders")["paid_amount"], len(repeated["channel_order_lines"])) == (Decimal("148.00"), 2)


def test_22_statuses_are_understood_through_commas_brackets_prefixes_and_reasons(tmp_path: Path) -> None:
    both = [{"订单编号": str(n), "订单状态": f"买家已付款{comma}等待卖家发货"} for n, comma in enumerate(",，")]
    closed = {"订单编号": "9", "订单状态": "交易关闭", "订单关闭原因": "退款"}
    found = taobao(tmp_path / "taobao", *both, closed)["channel_orders"]
    assert [(row["status"], row.get("refunded_amount")) for row in found] == [
        ("paid", None),
        ("paid", None),
        ("refunded", Decimal("128.00")),
    ]
    deleted = [{"订单号": str(n), "订单状态": status} for n, status in enumerate(["(删除)等待出库", "（删除）等待出库"])]
    orders = canonical(tmp_path / "jd", f"{DAY}/o.csv", jd.orders(*deleted), "jd_order_v1")["channel_orders"]
    assert [(row["status"], row["is_refund_inferred"]) for row in orders] == [("refunded", True)] * 2
    sent = canonical(tmp_path / "pdd", f"{DAY}/o.csv", pdd.orders({"订单状态": "已发货，退款成功", "售后状态": "退款成功"}), "pdd_order")
    assert only(sent, "channel_orders")["status"] == "refunded"


def test_23_times_of_every_spelling_are_the_same_instants(tmp_path: Path) -> None:
    slashes = taobao(tmp_path / "slashes", {"订单创建时间": "2026/6/5 9:05", "订单付款时间 ": "2026/6/5 9:06"})
    nine_in_china = datetime(2026, 6, 5, 1, 5, tzinfo=UTC)
    assert only(slashes, "channel_orders")["ordered_at"] == nine_in_china
    serial = taobao_v3.report(
        "taobao_order_v3",
        taobao_v3.ORDER | {"订单创建时间": "46178.378472222", "订单付款时间": "46178.379166667", "发货时间": None, "确认收货时间": None},
    )
    assert only(canonical(tmp_path / "serial", f"{DAY}/t.xlsx", serial, "taobao_order_v3"), "channel_orders")["ordered_at"] == nine_in_china
    row = {"Name": "#1", "Created at": "2026-06-05 09:05:00 +0530", "Lineitem quantity": "1", "Lineitem name": "x", "Lineitem price": "1"}
    offset = canonical(tmp_path / "offset", f"{DAY}/o.csv", samples.table(samples.SHOPIFY_ORDER_HEADER, [row]), "shopify_orders")
    assert only(offset, "channel_orders")["ordered_at"] == datetime(2026, 6, 5, 3, 35, tzinfo=UTC)
    zone = {"Date": "2026-06-05", "Time": "09:05:00", "Time Zone": "Central Time (US & Canada)"}
    rails = canonical(tmp_path / "zone", f"{DAY}/s.csv", csv([world.SQUARE | zone]), "square_items")
    assert only(rails, "channel_orders")["ordered_at"] == datetime(2026, 6, 5, 14, 5, tzinfo=UTC)
    event = world.json_lines(world.GA4_PURCHASE | {"event_timestamp": "1780000000123456"})
    micros = canonical(tmp_path / "micros", f"{DAY}/e.json", event, "ga4_export")
    assert only(micros, "channel_events")["occurred_at"] == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=1780000000123456)
    promo = (
        "日期,跟单SKU ID,跟单SKU名称,SPU ID,展现数,点击数,点击率(%),花费\n20260501~20260531,10160070484512.0,围巾,1.0,8050,471,5.85,96.40\n"
    )
    month = only(canonical(tmp_path / "range", f"{DAY}/j.csv", promo, "jd_promo"), "channel_costs")
    assert (month["spent_from_on"], month["spent_to_on"]) == (date(2026, 5, 1), date(2026, 5, 31))
    blank = pdd.orders({"订单号": "260305-000000000012345", "订单成交时间": ""})
    order = only(canonical(tmp_path / "blank", f"{DAY}/p.csv", blank, "pdd_order"), "channel_orders")
    assert order["ordered_at"] == datetime(2026, 3, 4, 16, tzinfo=UTC), "the first moment of the day in the number"


def test_23_chinese_words_in_a_time_are_a_spelling_of_a_contract(tmp_path: Path) -> None:
    (tmp_path / "formats").mkdir()
    contract = (
        "format: worded_stock\nextends: generic_stock\ntitle: t\ndetect: [product_id, counted_on, quantity, 词]\n"
        'dates: ["%Y年%m月%d日 %H:%M:%S"]\n'
    )
    (tmp_path / "formats" / "worded_stock.yaml").write_text(contract)
    home = home_with(tmp_path, {f"{DAY}/s.csv": "product_id,counted_on,quantity,词\n7,2026年06月05日 00:00:00,3,x\n"})
    assert not load(home, formats_folders=[tmp_path / "formats"]).problems
    assert [row["counted_on"] for row in rows(home, "channel_stock")] == [date(2026, 6, 5)]


def test_24_money_of_every_spelling_is_the_same_and_refunds_are_positive(tmp_path: Path) -> None:
    spelled = ["5.20元", "¥1,280.00", "1，280.00元"]
    yuan = taobao(tmp_path / "yuan", *({"订单编号": str(n), "买家实际支付金额": text} for n, text in enumerate(spelled)))
    assert [row["paid_amount"] for row in yuan["channel_orders"]] == [Decimal("5.20"), Decimal("1280.00"), Decimal("1280.00")]
    german = "Kampagnenbericht\n01.06.2026 - 30.06.2026\nKampagne,Währungscode,Impr.,Klicks,Kosten\n"
    lines = "".join(f'K{n},EUR,1,1,"{cost}"\n' for n, cost in enumerate(["1.234,56", "1 234,56", "12,5"]))
    found = canonical(tmp_path / "comma", f"{DAY}/g.csv", german + lines, "google_ads_campaign_de")["channel_costs"]
    assert [row["cost_amount"] for row in found] == [Decimal("1234.56"), Decimal("1234.56"), Decimal("12.50")]
    square = canonical(
        tmp_path / "dollar", f"{DAY}/s.csv", csv([world.SQUARE | {"Discounts": "-$3.00", "Net Sales": "$1,237.00"}]), "square_items"
    )
    assert only(square, "channel_order_lines")["discount_amount"] == Decimal("3.00")
    signed = canonical(tmp_path / "sign", f"{DAY}/o.xlsx", weixin.orders({"订单实际支付金额": "¥1,280.00"}), "weixin_store_order")
    assert only(signed, "channel_orders")["paid_amount"] == Decimal("1280.00")
    bill = wechatpay.bill("wechatpay_refund", wechatpay.REFUND, "1,0.00,28.00,0.00,-0.17000,0.00,28.00")
    column = canonical(tmp_path / "wechat", f"{DAY}/bill.csv", bill, "wechatpay_refund")
    assert only(column, "channel_refunds")["refunded_amount"] == Decimal("28.00")
    totals = "#交易合计：0笔，商家实收共0.00元\r\n#退款合计：1笔，商家实收退款共-28.00元\r\n"
    negative = canonical(tmp_path / "alipay", f"{DAY}/a.csv", alipay.details(alipay.REFUND, totals=totals), "alipay_bill")
    assert only(negative, "channel_refunds")["refunded_amount"] == Decimal("28.00")
    same_row = canonical(tmp_path / "stripe", f"{DAY}/s.csv", stripe.samples_crlf([world.STRIPE]), "stripe_payments")
    assert only(same_row, "channel_refunds")["refunded_amount"] == Decimal("28.50")
    assert only(same_row, "channel_payments")["paid_amount"] == Decimal("1128.50")
    words = canonical(tmp_path / "pdd", f"{DAY}/p.csv", pdd.orders({"订单状态": "未发货，退款成功", "售后状态": "退款成功"}), "pdd_order")
    order = only(words, "channel_orders")
    assert (order["refunded_amount"], order["is_refund_inferred"]) == (order["paid_amount"], True)


def test_25_mark_before_a_quoted_header_rare_characters_and_values_that_come_late(tmp_path: Path) -> None:
    marked = "\ufeff" + samples.taobao().replace("订单编号", '"订单编号"', 1)
    assert only(canonical(tmp_path / "mark", f"{DAY}/o.csv", marked, "taobao_order_v1"), "channel_orders")
    rare = samples.taobao({"收货人姓名": "𠮷梨"}).encode("gb18030")
    assert only(canonical(tmp_path / "rare", f"{DAY}/o.csv", rare, "taobao_order_v1"), "channel_profiles")["full_name"] == "𠮷梨"
    today, tomorrow = douyin.orders({"流量体裁": "数据将于第二天更新"}), douyin.orders({"流量体裁": "直播", "订单状态": "已完成"})
    home = home_with(tmp_path / "late", {"2026-03-05/o.csv": today, "2026-03-06/o.csv": tomorrow})
    assert not load(home).problems
    orders = frame(home, "channel_orders").sort("_exported_at")
    assert orders["status"].to_list() == ["shipped", "completed"], "the newest export counts, and what was told before stays on record"
    assert orders["order_key"].n_unique() == 1
