"""What one tiny delivery of each format becomes, row by row."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

from tests.channels import samples
from tests.channels.lake import canonical, home_with, load, loads, rows

ORDERED, PAID = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 5, 1, 6, tzinfo=UTC)
DAY_END = datetime(2026, 3, 7, 15, 59, 59, 999999, tzinfo=UTC)
SEEN = {"first_seen_at": ORDERED, "last_seen_at": ORDERED}


def test_taobao_order(tmp_path: Path) -> None:
    found = canonical(
        tmp_path, "2026-03-07/a.csv", samples.taobao().replace("4512345678901234567", '="4512345678901234567"').encode("gb18030")
    )
    assert found["channel_orders"] == [
        {
            "channel": "taobao",
            "order_key": "taobao:4512345678901234567",
            "order_no": "4512345678901234567",
            "order_type": "sale",
            "status": "completed",
            "source_record_key": "taobao:阿梨的小店",
            "store_id_channel": "梨家旗舰店",
            "ordered_at": ORDERED,
            "paid_at": PAID,
            "currency_code": "CNY",
            "gross_amount": Decimal("120.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("128.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal("2.000"),
        }
    ]
    assert found["channel_order_lines"] == [
        {
            "channel": "taobao",
            "line_key": "taobao:4512345678901234567/1",
            "order_key": "taobao:4512345678901234567",
            "line_no": 1,
            "line_type": "sale",
            "ordered_at": ORDERED,
            "product_name": "羊毛围巾",
            "quantity": Decimal("2.000"),
            "currency_code": "CNY",
            "line_amount": Decimal("120.00"),
        }
    ]
    person = {"channel": "taobao", "source_record_key": "taobao:阿梨的小店", **SEEN}
    assert found["channel_profiles"] == [
        {
            **person,
            "full_name": "梨𠮷",
            "nickname": "阿梨的小店",
            "province": "浙江省",
            "city": "杭州市",
            "district": "西湖区",
            "address": "浙江省 杭州市 西湖区 文三路1号(310000)",
        }
    ]
    assert found["channel_contact_points"] == [
        {**person, "type": "phone", "scope": "global", "value_raw": "13800000001"},
        {**person, "type": "platform_account", "scope": "alipay", "value_raw": "ali@example.com"},
    ]
    assert loads(home_with(tmp_path, {}))["2026-03-07/a.csv"]["dropped_column_count"] == 1


def test_taobao_statuses(tmp_path: Path) -> None:
    """The comma of either width; the outcome of a closed order stands in another column."""
    told = [
        ("等待买家付款", "订单未关闭", ""),
        ("买家已付款,等待卖家发货", "订单未关闭", "2026-03-05 09:06:00"),
        ("卖家已发货，等待买家确认", "订单未关闭", "2026-03-05 09:06:00"),
        ("交易关闭", "买家未付款", ""),
        ("交易关闭", "退款", "2026-03-05 09:06:00"),
    ]
    cells = [
        {"订单编号": str(number), "订单状态": status, "订单关闭原因": reason, "订单付款时间 ": paid}
        for number, (status, reason, paid) in enumerate(told)
    ]
    found = canonical(tmp_path, "2026-03-07/a.csv", samples.taobao(*cells))["channel_orders"]
    assert [(row["status"], row.get("paid_amount"), row.get("refunded_amount"), row["is_refund_inferred"]) for row in found] == [
        ("unpaid", None, None, False),
        ("paid", Decimal("128.00"), None, False),
        ("shipped", Decimal("128.00"), None, False),
        ("cancelled", None, None, False),
        ("refunded", Decimal("128.00"), Decimal("128.00"), True),
    ]


def test_taobao_masked_name_is_no_name(tmp_path: Path) -> None:
    found = canonical(tmp_path, "2026-03-07/a.csv", samples.taobao({"收货人姓名": "梨**"}))
    assert "full_name" not in found["channel_profiles"][0]


def test_youzan_order(tmp_path: Path) -> None:
    text = "\ufeff" + samples.table(samples.YOUZAN_ORDER_HEADER, [samples.YOUZAN_ORDER_ROW])
    found = canonical(tmp_path, "2026-03-07/o.csv", text)
    (order,) = found["channel_orders"]
    assert order | {"order_no": "", "order_key": ""} == {
        "channel": "youzan",
        "order_key": "",
        "order_no": "",
        "order_type": "sale",
        "status": "completed",
        "source_record_key": "youzan:13800000001",
        "store_id_channel": "梨家",
        "ordered_at": ORDERED,
        "paid_at": PAID,
        "completed_at": datetime(2026, 3, 7, 2, tzinfo=UTC),
        "currency_code": "CNY",
        "gross_amount": Decimal("1120.00"),
        "discount_amount": Decimal("20.00"),
        "shipping_amount": Decimal("8.00"),
        "paid_amount": Decimal("1108.00"),
        "refunded_amount": Decimal("0.00"),
        "is_refund_inferred": False,
        "payment_no": "4200000000202603050000000001",
        "payment_method": "微信支付",
    }
    assert [(row["type"], row["scope"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("phone", "global", "13800000001"),
        ("payment_order_no", "wechatpay", "4200000000202603050000000001"),
    ]
    assert found["channel_order_lines"][0]["line_amount"] == Decimal("1100.00")


def test_youzan_order_of_a_masked_phone_belongs_to_nobody(tmp_path: Path) -> None:
    changed = {**samples.YOUZAN_ORDER_ROW, "买家手机号": "138****0001", "订单状态": "交易关闭", "订单已退款金额": "1,108.00"}
    found = canonical(tmp_path, "2026-03-07/o.csv", samples.table(samples.YOUZAN_ORDER_HEADER, [changed]))
    (order,) = found["channel_orders"]
    assert "source_record_key" not in order
    assert (order["status"], order["refunded_amount"]) == ("refunded", Decimal("1108.00"))
    assert set(found) == {"channel_orders", "channel_order_lines"}


def test_youzan_customer(tmp_path: Path) -> None:
    row = dict(
        zip(
            samples.YOUZAN_CUSTOMER_HEADER,
            samples.cells(
                "阿梨,梨,13800000001,1990-02-03,女,VIP1,0.00,2026-03-05 09:05:00,外部导入,2025-01-01 08:00:00,"
                "2025-01-02 08:00:00,梨家,杭州市"
            ),
            strict=False,
        )
    )
    masked = {**row, "客户手机号": "138******01", "客户性别": "未知"}
    home = home_with(tmp_path, {"2026-03-07/c.csv": samples.table(samples.YOUZAN_CUSTOMER_HEADER, [row, masked])})
    assert not load(home).problems
    (profile,) = rows(home, "channel_profiles")
    assert profile == {
        "channel": "youzan",
        "source_record_key": "youzan:13800000001",
        "full_name": "阿梨",
        "nickname": "梨",
        "gender": "female",
        "birth_on": date(1990, 2, 3),
        "city": "杭州市",
        "registered_at": datetime(2025, 1, 2, tzinfo=UTC),
        "registration_source": "外部导入",
        "member_level": "VIP1",
        "store_id_channel": "梨家",
        "first_seen_at": DAY_END,
        "last_seen_at": DAY_END,
    }
    assert loads(home)["2026-03-07/c.csv"]["loaded_count"] == 2, "a masked customer is read, and becomes no row"


def test_siss_receipts_and_returns(tmp_path: Path) -> None:
    lines = [
        {},
        {"flow_id": "1002", "item_no": "SP01002", "sale_qnty": "1", "sale_price": "10.00", "source_price": "10.00", "sale_money": "10.00"},
        {"flow_id": "1003", "flow_no": "R0002", "sell_way": "B", "sale_qnty": "1", "sale_money": "45.00", "memo": "13800000002"},
        {
            "flow_id": "1004",
            "flow_no": "R0003",
            "sell_way": "B",
            "sale_qnty": "-1",
            "sale_money": "-45.00",
            "card_id": "    ",
            "memo": "赠品",
        },
    ]
    found = canonical(tmp_path, "t_rm_saleflow_20260307.csv.gz", samples.siss(*lines))
    told = [
        (row["order_key"], row["order_type"], row["paid_amount"], row.get("source_record_key"), row["item_quantity"])
        for row in found["channel_orders"]
    ]
    assert told == [
        ("siss:0002/S0001", "sale", Decimal("100.00"), "siss:88001", Decimal(3)),
        ("siss:0002/R0002", "return", Decimal("-45.00"), "siss:88001", Decimal(-1)),
        ("siss:0002/R0003", "return", Decimal("-45.00"), None, Decimal(-1)),
    ]
    assert found["channel_orders"][0]["discount_amount"] == Decimal("10.00")
    assert [(row["line_key"], row["line_no"], row["product_id_channel"], row["line_amount"]) for row in found["channel_order_lines"]] == [
        ("siss:0002/S0001/1", 1, "SP01001", Decimal("90.00")),
        ("siss:0002/S0001/2", 2, "SP01002", Decimal("10.00")),
        ("siss:0002/R0002/1", 1, "SP01001", Decimal("-45.00")),
        ("siss:0002/R0003/1", 1, "SP01001", Decimal("-45.00")),
    ]
    assert [(row["type"], row["scope"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("member_id", "merchant", "88001"),
        ("phone", "global", "13800000002"),
    ]


def test_shopify_order_values_stand_on_the_first_row(tmp_path: Path) -> None:
    first = {
        "Name": "#1007",
        "Email": "A@Example.com",
        "Financial Status": "partially_refunded",
        "Paid at": "2026-03-05 09:06:00 +0800",
        "Fulfilled at": "2026-03-06 09:00:00 +0800",
        "Currency": "EUR",
        "Subtotal": "148.00",
        "Shipping": "8.00",
        "Total": "156.00",
        "Discount Code": "WELCOME",
        "Discount Amount": "2.00",
        "Created at": "2026-03-05 02:05:00 +0100",
        "Lineitem quantity": "1",
        "Lineitem name": "Scarf",
        "Lineitem price": "100.00",
        "Lineitem sku": "SC",
        "Billing Name": "Ann Lee",
        "Billing Street": "Main St 1\nFlat 2",
        "Billing Phone": "'+4915100000001",
        "Refunded Amount": "50.00",
        "Id": "'5000000000001",
        "Lineitem discount": "0.00",
    }
    second = {
        "Name": "#1007",
        "Email": "A@Example.com",
        "Created at": first["Created at"],
        "Lineitem quantity": "2",
        "Lineitem name": 'Hat, "small"',
        "Lineitem price": "25.00",
        "Lineitem discount": "1.00",
    }
    found = canonical(tmp_path, "2026-03-07/orders.csv", samples.table(samples.SHOPIFY_ORDER_HEADER, [first, second]))
    assert found["channel_orders"] == [
        {
            "channel": "shopify",
            "order_key": "shopify:#1007",
            "order_no": "#1007",
            "order_id_channel": "5000000000001",
            "order_type": "sale",
            "status": "shipped",
            "source_record_key": "shopify:a@example.com",
            "ordered_at": ORDERED,
            "paid_at": PAID,
            "shipped_at": datetime(2026, 3, 6, 1, tzinfo=UTC),
            "currency_code": "EUR",
            "gross_amount": Decimal("150.00"),
            "discount_amount": Decimal("2.00"),
            "shipping_amount": Decimal("8.00"),
            "paid_amount": Decimal("156.00"),
            "refunded_amount": Decimal("50.00"),
            "is_refund_inferred": False,
            "item_quantity": Decimal(3),
            "coupon_code": "WELCOME",
        }
    ]
    told = [
        (row["line_key"], row["product_name"], row["quantity"], row["line_amount"], row["currency_code"])
        for row in found["channel_order_lines"]
    ]
    assert told == [
        ("shopify:#1007/1", "Scarf", Decimal(1), Decimal("100.00"), "EUR"),
        ("shopify:#1007/2", 'Hat, "small"', Decimal(2), Decimal("49.00"), "EUR"),
    ]
    assert [(row["type"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("email", "A@Example.com"),
        ("phone", "+4915100000001"),
    ]
    assert found["channel_profiles"][0]["address"] == "Main St 1\nFlat 2"


def test_shopify_customer(tmp_path: Path) -> None:
    row = {
        "Customer ID": "'7000000000001.0",
        "First Name": "梨",
        "Last Name": "陈",
        "Email": "a@example.com",
        "Accepts Email Marketing": "yes",
        "Default Address Phone": "'+8613800000001",
        "Accepts SMS Marketing": "no",
        "Total Spent": "5.00",
    }
    found = canonical(tmp_path, "customers_export_20260307.csv", samples.table(samples.SHOPIFY_CUSTOMER_HEADER, [row]))
    (profile,) = found["channel_profiles"]
    assert (profile["source_record_key"], profile["full_name"], "registered_at" in profile) == ("shopify:7000000000001", "陈梨", False)
    assert [(row["type"], row["scope"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("user_id", "site", "7000000000001"),
        ("email", "global", "a@example.com"),
        ("phone", "global", "+8613800000001"),
    ]
    told = [
        (row["contact_type"], row["contact_value_raw"], row["medium"], row["status"], row["first_seen_at"])
        for row in found["channel_consents"]
    ]
    assert told == [
        ("email", "a@example.com", "email", "granted", DAY_END),
        ("phone", "+8613800000001", "sms", "denied", DAY_END),
    ]


def test_wechatpay_payment_and_refund(tmp_path: Path) -> None:
    payment = {
        "交易时间": "2026-03-05 09:06:00",
        "公众账号ID": "wx1",
        "微信订单号": "4200000000202603050000000001",
        "商户订单号": "YZ1",
        "用户标识": "oAbc",
        "交易类型": "JSAPI",
        "交易状态": "SUCCESS",
        "货币种类": "CNY",
        "应结订单金额": "128.00",
        "代金券金额": "0.00",
        "微信退款单号": "0",
        "退款金额": "0.00",
        "商品名称": "围巾,红色",
        "手续费": "0.77000",
        "订单金额": "128.00",
    }
    refund = payment | {
        "交易状态": "REFUND",
        "微信退款单号": "5030000001",
        "退款金额": "28.00",
        "退款状态": "PROCESSING",
        "应结订单金额": "0.00",
        "订单金额": "0.00",
        "手续费": "-0.17000",
    }
    text = samples.wechat([payment, refund], ["2", "128.00", "28.00", "0.60000"])
    found = canonical(tmp_path, "bill2026-03-07.csv", text)
    assert found["channel_payments"] == [
        {
            "channel": "wechatpay",
            "payment_key": "wechatpay:4200000000202603050000000001",
            "payment_no": "4200000000202603050000000001",
            "merchant_order_no": "YZ1",
            "status": "succeeded",
            "source_record_key": "wechatpay:wx1/oAbc",
            "paid_at": PAID,
            "currency_code": "CNY",
            "paid_amount": Decimal("128.00"),
            "fee_amount": Decimal("0.770000"),
            "payment_method": "JSAPI",
        }
    ]
    (back,) = found["channel_refunds"]
    assert (back["refund_no"], back["status"], back["refunded_amount"], back["payment_no"], back["order_no"]) == (
        "5030000001",
        "processing",
        Decimal("28.00"),
        "4200000000202603050000000001",
        "YZ1",
    )
    assert [(row["type"], row["scope"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("openid", "wx1", "oAbc"),
        ("payment_order_no", "wechatpay", "4200000000202603050000000001"),
    ]


def test_segment_messages(tmp_path: Path) -> None:
    moment = {"timestamp": "2026-03-05T01:05:00.000Z"}
    messages: list[dict[str, object]] = [
        {"type": "page", "name": "首页", "messageId": "m1", "anonymousId": "d1", **moment},
        {
            "type": "track",
            "event": "Product Added",
            "messageId": "m2",
            "anonymousId": "d1",
            "userId": "7000000000001",
            "properties": {"product_id": "P1", "category": "帽", "price": 12.5, "quantity": 3, "currency": "CNY"},
            **moment,
        },
        {"type": "track", "event": "Spun the wheel", "messageId": "m3", "userId": "7000000000001", **moment},
        {
            "type": "identify",
            "messageId": "m4",
            "anonymousId": "d1",
            "userId": "7000000000001",
            "traits": {"email": "a@example.com"},
            **moment,
        },
        {
            "type": "track",
            "event": "Completed Order",
            "messageId": "m5",
            "userId": "7000000000001",
            "properties": {"order_id": "5000000000001", "total": 37.5, "products": [{"product_id": "P1"}]},
            **moment,
        },
    ]
    found = canonical(tmp_path, "segment_events_20260307.jsonl.gz", samples.segment(*messages))
    told = [
        (row["event_key"], row["event_name"], row.get("event_name_channel"), row["source_record_key"], row.get("value_amount"))
        for row in found["channel_events"]
    ]
    assert told == [
        ("segment:m1", "page_viewed", "首页", "segment:anon/d1", None),
        ("segment:m2", "product_added", "Product Added", "segment:7000000000001", Decimal("37.50")),
        ("segment:m3", "other", "Spun the wheel", "segment:7000000000001", None),
        ("segment:m4", "identified", None, "segment:7000000000001", None),
        ("segment:m5", "order_completed", "Completed Order", "segment:7000000000001", Decimal("37.50")),
    ]
    assert [(row["type"], row["scope"], row["value_raw"]) for row in found["channel_contact_points"]] == [
        ("user_id", "site", "7000000000001"),
        ("email", "global", "a@example.com"),
    ]


def test_uci_invoices(tmp_path: Path) -> None:
    lines = [
        "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "536365,85123A,HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom",
        "C536379,D,Discount,-1,2010-12-01 09:41:00,27.50,14527.0,United Kingdom",
        "536414,22139,,56,2010-12-01 11:52:00,0.0,,United Kingdom",
        "536415,22140,TEA,1,2010-07-01 11:52:00,0.001,,Unspecified",
    ]
    found = canonical(tmp_path, "by-day/2010-12-01.csv", "\n".join([",".join(samples.UCI_HEADER), *lines]))
    told = [(row["order_key"], row["order_type"], row["paid_amount"], row.get("source_record_key")) for row in found["channel_orders"]]
    assert told == [
        ("uci:536365", "sale", Decimal("30.60"), "uci:17850"),
        ("uci:C536379", "return", Decimal("-27.50"), "uci:14527"),
        ("uci:536414", "adjustment", Decimal("0.00"), None),
        ("uci:536415", "sale", Decimal("0.00"), None),
    ]
    assert [row["ordered_at"].hour for row in found["channel_orders"]] == [8, 9, 11, 10], "summer time"
    assert [row["line_key"] for row in found["channel_order_lines"]][:2] == ["uci:536365/1", "uci:536365/2"], "typed twice is bought twice"
    assert {row["source_record_key"]: row.get("country") for row in found["channel_profiles"]} == {
        "uci:17850": "United Kingdom",
        "uci:14527": "United Kingdom",
    }
