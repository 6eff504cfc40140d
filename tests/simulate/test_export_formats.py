"""The files are what the real exports are: header for header, quirk for quirk."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

TAOBAO = (
    "订单编号|买家会员名|买家支付宝账号|买家应付货款|买家应付邮费|买家支付积分|总金额|返点积分|买家实际支付金额|买家实际支付积分|订单状态"
    "|买家留言|收货人姓名|收货地址 |运送方式|联系电话 |联系手机|订单创建时间|订单付款时间 |宝贝标题 |宝贝种类 |物流单号 |物流公司|订单备注"
    "|宝贝总数量|店铺Id|店铺名称|订单关闭原因|卖家服务费|买家服务费|发票抬头|是否手机订单|分阶段订单信息|特权订金订单id|定金排名|修改后的sku"
    "|修改后的收货地址|异常信息|天猫卡券抵扣|集分宝抵扣|是否是O2O交易"
)
YOUZAN_ORDER = (
    "订单号|销售渠道|归属店铺|订单类型|订单状态|推广方式|订单来源|订单创建时间|买家付款时间|交易成功时间|付款方式|支付流水号|商品金额合计"
    "|运费|店铺优惠合计|应收订单金额|订单实付金额|支付优惠合计|订单实收金额|订单抵用积分数|店铺优惠方式|支付优惠方式|全部商品名称|商品种类数"
    "|订单配送方式|同城送达时间/提货时间|收货人省份|收货人城市|收货人地区|详细收货地址/提货地址|收货人/提货人|收货人手机号/提货人手机号"
    "|买家备注|订单星级|买家昵称|买家是否会员|买家手机号|下单网点|收银员|分销员|销售导购|专属导购|订单退款状态|订单已退款金额|商家订单备注"
    "|桌号|挂账主体|挂账手机号|团长订单|订单风险标签|分销员|分销员手机号|分销员所属店铺|分销员所属团队|分销员所属分组|分销员等级"
    "|订单佣金类型|订单佣金金额|订单下级卖货提成类型|订单下级卖货提成金额"
)
YOUZAN_CUSTOMER = (
    "客户姓名|客户昵称|客户手机号|客户生日|客户性别|标签|是否会员|成长值|免费等级|付费等级|权益卡|客户积分|客户储值余额|消费次数|消费金额"
    "|累计退款金额|累计退款订单数|笔单价|上次消费时间|分销员|导购员|企微好友|来源渠道|来源方式|成为客户时间|成为会员时间|成为会员店铺"
    "|公众号|公众号关注时间|最近浏览时间|微信地域|所属区域|指定时间消费次数|指定时间消费金额|"
)
SISS = (
    "com_no|flow_id|flow_no|branch_no|item_no|item_subno|source_price|sale_price|cost_price|sale_qnty|sale_money|sell_way|oper_id"
    "|sale_man|sale_name|oper_date|shift_no|com_flag|spec_flag|pref_amt|in_price|acc_num|dec_rate|card_id|card_no|pro_id|clss_rate"
    "|brand_rate|sale_rate|sale_duty_rate|plan_no|serials_no|gift_msg|memo|main_sup"
)
SHOPIFY_ORDERS = (
    "Name|Email|Financial Status|Paid at|Fulfillment Status|Fulfilled at|Accepts Marketing|Currency|Subtotal|Shipping|Taxes|Total"
    "|Discount Code|Discount Amount|Shipping Method|Created at|Lineitem quantity|Lineitem name|Lineitem price|Lineitem compare at price"
    "|Lineitem sku|Lineitem requires shipping|Lineitem taxable|Lineitem fulfillment status|Billing Name|Billing Street|Billing Address1"
    "|Billing Address2|Billing Company|Billing City|Billing Zip|Billing Province|Billing Country|Billing Phone|Shipping Name"
    "|Shipping Street|Shipping Address1|Shipping Address2|Shipping Company|Shipping City|Shipping Zip|Shipping Province"
    "|Shipping Country|Shipping Phone|Notes|Note Attributes|Cancelled at|Payment Method|Payment Reference|Refunded Amount|Vendor"
    "|Outstanding Balance|Employee|Location|Device ID|Id|Tags|Risk Level|Source|Lineitem discount|Tax 1 Name|Tax 1 Value|Tax 2 Name"
    "|Tax 2 Value|Tax 3 Name|Tax 3 Value|Tax 4 Name|Tax 4 Value|Tax 5 Name|Tax 5 Value|Phone|Receipt Number|Duties"
    "|Billing Province Name|Shipping Province Name|Payment ID|Payment Terms Name|Next Payment Due At|Payment References"
)
SHOPIFY_CUSTOMERS = (
    "Customer ID|First Name|Last Name|Email|Accepts Email Marketing|Default Address Company|Default Address Address1"
    "|Default Address Address2|Default Address City|Default Address Province Code|Default Address Country Code|Default Address Zip"
    "|Default Address Phone|Phone|Accepts SMS Marketing|Total Spent|Total Orders|Note|Tax Exempt|Tags"
)
WECHAT = (
    "交易时间|公众账号ID|商户号|特约商户号|设备号|微信订单号|商户订单号|用户标识|交易类型|交易状态|付款银行|货币种类|应结订单金额|代金券金额"
    "|微信退款单号|商户退款单号|退款金额|充值券退款金额|退款类型|退款状态|商品名称|商户数据包|手续费|费率|订单金额|申请退款金额|费率备注"
)
ZENDESK = (
    "Summation column|Id|Requester|Requester id|Requester external id|Requester email|Requester domain|Submitter|Assignee|Group"
    "|Subject|Tags|Status|Priority|Via|Ticket type|Created at|Updated at|Assigned at|Organization|Due date|Initially assigned at"
    "|Solved at|Resolution time|Satisfaction Score|Group stations|Assignee stations|Reopens|Replies|First reply time in minutes"
    "|First reply time in minutes within business hours|First resolution time in minutes"
    "|First resolution time in minutes within business hours|Full resolution time in minutes"
    "|Full resolution time in minutes within business hours|Agent wait time in minutes"
    "|Agent wait time in minutes within business hours|Requester wait time in minutes"
    "|Requester wait time in minutes within business hours|On hold time in minutes|On hold time in minutes within business hours"
)
LOYALTY = "member_id|phone|points_delta|reason|occurred_at|order_no"
HEADERS = {
    "taobao_order_v1": TAOBAO,
    "youzan_order": YOUZAN_ORDER,
    "youzan_customer": YOUZAN_CUSTOMER,
    "siss_saleflow": SISS,
    "shopify_orders": SHOPIFY_ORDERS,
    "shopify_customers": SHOPIFY_CUSTOMERS,
    "zendesk_csv": ZENDESK,
    "loyalty_points": LOYALTY,
}
MONEY = re.compile(r"-?\d+\.\d\d")


@pytest.mark.parametrize("name", sorted(HEADERS))
def test_header_is_the_real_one_and_every_row_fits_it(read, name):
    files = list(read(name))
    assert len(files) > 20
    for path, header, rows in files:
        assert header == HEADERS[name].split("|"), path
        assert rows, f"{path} is empty: days without news have no file"
        assert {len(row) for row in rows} == {len(header)}, path


def test_taobao_protects_numbers_and_writes_both_commas(read, rows_of):
    raw = [path.read_bytes().decode("gb18030") for path, _, _ in read("taobao_order_v1")]
    assert any('\r\n"=""3' in text for text in raw) and any('\r\n="3' in text for text in raw)
    rows = rows_of("taobao_order_v1")
    assert all(re.fullmatch(r'="\d{19}"', row["订单编号"]) for row in rows)
    assert all(row["联系手机"].startswith("'") for row in rows)
    statuses = {row["订单状态"] for row in rows}
    assert {"买家已付款，等待卖家发货", "买家已付款,等待卖家发货", "交易成功", "交易关闭"} <= statuses
    assert {row["订单关闭原因"] for row in rows} == {"订单未关闭", "买家未付款", "退款"}
    assert {row["订单关闭原因"] for row in rows if row["订单状态"] == "交易关闭"} == {"买家未付款", "退款"}


def test_taobao_phones_become_virtual_late_in_the_period(rows_of):
    rows = rows_of("taobao_order_v1")
    virtual = [row for row in rows if re.fullmatch(r"'184\d{8}-\d{4}", row["联系手机"])]
    assert virtual and min(row["订单创建时间"] for row in virtual) >= "2026-06-29"
    assert len({row["联系手机"].split("-")[0] for row in virtual}) <= 3


def test_rare_surnames_need_gb18030(read):
    texts = [path.read_bytes() for path, _, _ in read("taobao_order_v1")]
    failed = 0
    for text in texts:
        try:
            text.decode("gbk")
        except UnicodeDecodeError:
            failed += 1
    assert failed > 0


def test_youzan_files_carry_a_bom_a_repeated_header_and_odd_nulls(read, rows_of):
    for path, header, rows in read("youzan_order"):
        assert path.read_bytes().startswith(b"\xef\xbb\xbf")
        assert header.count("分销员") == 2
        assert {row[header.index("订单风险标签")] for row in rows} == {"——"}
    refunds = {row["订单退款状态"] for row in rows_of("youzan_order")}
    assert refunds == {"", "部分退款", "全额退款"}


def test_youzan_customers_are_masked_now_and_then_and_share_phones(rows_of):
    rows = rows_of("youzan_customer")
    phones = {row["客户手机号"] for row in rows}
    assert any(re.fullmatch(r"1\d{2}\*{6}\d{2}", phone) for phone in phones)
    names: dict[str, set[str]] = {}
    for row in rows:
        if row["客户姓名"] and "*" not in row["客户手机号"]:
            names.setdefault(row["客户手机号"], set()).add(row["客户姓名"])
    assert any(len(found) > 1 for found in names.values())


def test_siss_cells_are_padded_and_returns_have_both_signs(rows_of):
    rows = rows_of("siss_saleflow")
    assert {len(row["item_no"]) for row in rows} == {20} and {len(row["card_id"]) for row in rows} == {20}
    assert {row["sell_way"] for row in rows} == {"A", "B"}
    returns = [float(row["sale_qnty"]) for row in rows if row["sell_way"] == "B"]
    assert min(returns) < 0 < max(returns)
    assert any(not row["card_id"].strip() for row in rows)
    assert len({(row["com_no"], row["flow_id"]) for row in rows}) == len(rows)


def test_shopify_order_fields_stand_on_the_first_row_only(rows_of):
    rows = rows_of("shopify_orders")
    later = [row for row in rows if not row["Id"]]
    assert later
    for row in later:
        assert row["Name"] and row["Email"] and row["Created at"] and row["Lineitem sku"]
        assert not row["Total"] and not row["Financial Status"] and not row["Phone"]
    first = [row for row in rows if row["Id"]]
    assert all(row["Id"].startswith("'5") and row["Created at"].endswith(" +0800") for row in first)
    assert {row["Currency"] for row in first} == {"CNY"}
    assert {row["Financial Status"] for row in first} >= {"paid", "voided", "refunded", "partially_refunded"}


def test_shopify_orders_add_up(rows_of):
    rows = rows_of("shopify_orders")
    listed: dict[tuple[str, str], float] = {}
    for row in rows:
        key = (row["_day"], row["Name"])
        listed[key] = listed.get(key, 0.0) + float(row["Lineitem price"]) * int(row["Lineitem quantity"])
    for row in rows:
        if row["Id"]:
            subtotal = listed[row["_day"], row["Name"]] - float(row["Discount Amount"])
            assert subtotal == pytest.approx(float(row["Subtotal"]), abs=0.005)
            assert float(row["Total"]) == pytest.approx(float(row["Subtotal"]) + float(row["Shipping"]), abs=0.005)


def test_shopify_consents_are_yes_or_no(rows_of):
    rows = rows_of("shopify_customers")
    for column in ("Accepts Email Marketing", "Accepts SMS Marketing"):
        assert {row[column] for row in rows} == {"yes", "no"}
    assert all(row["Customer ID"].startswith("'7") for row in rows)


def test_money_has_two_decimals_everywhere(rows_of):
    columns = {
        "taobao_order_v1": ["总金额", "买家应付货款", "买家实际支付金额"],
        "youzan_order": ["订单实付金额", "订单已退款金额"],
        "siss_saleflow": ["sale_money", "sale_price"],
        "shopify_customers": ["Total Spent"],
    }
    for name, money in columns.items():
        rows = rows_of(name)
        for column in money:
            assert all(MONEY.fullmatch(row[column]) for row in rows), (name, column)
            assert any(not row[column].endswith(".00") for row in rows), (name, column)


def test_gzip_headers_hold_no_clock(deliveries: Path):
    for path in deliveries.glob("*/*.gz"):
        assert path.read_bytes()[4:8] == b"\0\0\0\0"


def test_events_are_segment_messages_and_some_come_twice(events):
    kinds = {event["event"] for event in events if event["type"] == "track"}
    assert kinds == {"Product Viewed", "Product Added", "Checkout Started", "Order Completed", "Email Opened"}
    assert {event["type"] for event in events} == {"track", "page", "identify"}
    ids = [event["messageId"] for event in events]
    assert 0 < len(ids) - len(set(ids)) < 0.02 * len(ids)
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(event["timestamp"])) for event in events)
    assert all("anonymousId" in event or "userId" in event for event in events)


def test_completed_orders_are_orders_of_the_shop(events, rows_of):
    orders = {row["Id"].lstrip("'"): float(row["Total"]) for row in rows_of("shopify_orders") if row["Id"]}
    completed = [event["properties"] for event in events if event.get("event") == "Order Completed"]
    assert completed
    for properties in completed:
        assert properties["total"] == pytest.approx(orders[properties["order_id"]])
        assert properties["products"]


def test_carts_are_left_behind_on_the_last_days(events):
    done = {event.get("anonymousId") for event in events if event.get("event") == "Order Completed"}
    carts = {event.get("anonymousId") for event in events if event.get("event") == "Product Added" and event["timestamp"] > "2026-10-13"}
    assert carts - done


def test_mail_activity_and_sms_receipts_parse(deliveries: Path):
    mails = [json.loads(line) for path in deliveries.glob("*/mailchimp_activity_*.jsonl") for line in path.open(encoding="utf-8")]
    assert {mail["action"] for mail in mails} == {"open", "click", "bounce"}
    fields = {"campaign_id", "list_id", "list_is_active", "email_id", "email_address", "action", "type", "timestamp", "ip", "url"}
    assert all(set(mail) == fields for mail in mails)
    texts = [item for path in deliveries.glob("*/aliyun_sms_report_*.json") for item in json.loads(path.read_text("utf-8"))]
    assert {item["success"] for item in texts} == {True, False}
    fields = {"phone_number", "send_time", "report_time", "success", "err_code", "err_msg", "sms_size", "biz_id", "out_id"}
    assert all(set(item) == fields and re.fullmatch(r"1\d{10}", item["phone_number"]) for item in texts)
    assert len({(item["biz_id"], item["phone_number"]) for item in texts}) == len(texts)


def test_delivered_files_are_read_back_with_their_gzip(deliveries: Path):
    for path in deliveries.glob("*/*.gz"):
        assert gzip.decompress(path.read_bytes()).endswith(b"\n")
