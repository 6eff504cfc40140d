"""Rows of international and point-of-sale exports, for the tests of this folder. No real person is in them."""

from __future__ import annotations

import json
from typing import Any

SQUARE = {
    "Date": "2026-03-05",
    "Time": "10:05:09",
    "Time Zone": "Eastern Time (US & Canada)",
    "Category": "Knitwear",
    "Item": "Scarf",
    "Qty": "2.0",
    "Price Point Name": "Red",
    "SKU": "SC-1",
    "Modifiers Applied": "",
    "Gross Sales": "$1,240.00",
    "Discounts": "-$40.00",
    "Net Sales": "$1,200.00",
    "Tax": "$60.00",
    "Transaction ID": "tx1",
    "Payment ID": "pay1",
    "Event Type": "Payment",
    "Location": "Main St",
    "Customer ID": "SQ7",
    "Customer Name": "Ali Pear",
}
SCARF = {"name": "围巾", "sellPrice": 60.0, "quantity": 2.0, "totalAmount": 110.0, "productUid": 1234567890123456789}
TEA = {"name": "散茶", "sellPrice": 88.8, "quantity": 0.125, "totalAmount": 11.1, "productUid": 1234567890123456790}


def pospal_ticket(number: str, items: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
    return {
        "cashierUid": 99,
        "customerUid": 987654321098765432,
        "sn": number,
        "datetime": "2026-03-05 09:05:00",
        "totalAmount": 121.1,
        "ticketType": "SELL",
        "invalid": 0,
        "payments": [{"code": "payCode_11", "amount": 100.0}, {"code": "payCode_1", "amount": 21.1}],
        "items": items,
        **more,
    }


def pospal(*tickets: dict[str, Any]) -> str:
    whole = {"status": "success", "data": {"postBackParameter": {"parameterType": "abc"}, "result": tickets, "pageSize": 100}}
    return json.dumps(whole, ensure_ascii=False)


GA4_MICROS = "1772672700123456"


def ga4_param(key: str, **value: Any) -> dict[str, Any]:
    return {"key": key, "value": {"string_value": None, "int_value": None, "float_value": None, "double_value": None, **value}}


GA4_PURCHASE = {
    "event_date": "20260305",
    "event_timestamp": GA4_MICROS,
    "event_name": "purchase",
    "event_params": [
        ga4_param("currency", string_value="EUR"),
        ga4_param("value", int_value="128"),
        ga4_param("ga_session_id", int_value="7"),
    ],
    "event_bundle_sequence_id": "12",
    "batch_event_index": 2,
    "user_id": "7001",
    "user_pseudo_id": "99.88",
    "privacy_info": {"analytics_storage": "Yes"},
    "device": {"category": "mobile"},
    "collected_traffic_source": {"manual_campaign_name": "spring"},
    "ecommerce": {"total_item_quantity": "2", "purchase_revenue": 128.10000000000002, "transaction_id": "1007"},
    "items": [{"item_id": "SC-1", "item_category": "Knitwear"}],
}


def json_lines(*events: dict[str, Any]) -> str:
    return "".join(json.dumps(event) + "\n" for event in events)


WOO = {
    "Date": "2026-03-05 09:05:00",
    "Order #": "1007",
    "N. Revenue (formatted)": "৳2,999",
    "Status": "completed",
    "Customer": "Ali Pear",
    "Customer type": "returning",
    "Product(s)": "2× Mug, 1× Tee",
    "Items sold": "3",
    "Coupon(s)": "SPRING",
    "N. Revenue": "2999",
    "Attribution": "Direct",
}
STRIPE = {
    "id": "ch_1",
    "Created date (UTC)": "2026-03-05 01:05:00",
    "Amount": "1,128.50",
    "Amount Refunded": "28.50",
    "Currency": "eur",
    "Captured": "TRUE",
    "Fee": "1.95",
    "Refunded date (UTC)": "2026-03-09 08:00:00",
    "Status": "Partially Refunded",
    "Customer ID": "cus_7",
    "Customer Email": "Ali@example.com",
    "Customer Phone": "'+491700000001",
    "Card Brand": "Visa",
    "order_id (metadata)": "1007",
}
STRIPE_OLD = {
    "id": "ch_1",
    "Description": "Order, red",
    "Seller Message": "",
    "Created (UTC)": "2026-03-05 01:05",
    "Amount": "128.50",
    "Amount Refunded": "128.50",
    "Currency": "usd",
    "Fee": "4.03",
    "Status": "Refunded",
    "Customer ID": "",
    "Customer Email": "Ali@example.com",
    "Captured": "true",
    "Card Brand": "Visa",
}
META = {
    "Reporting starts": "2026-06-01",
    "Reporting ends": "2026-06-30",
    "Campaign name": "Spring",
    "Campaign ID": "120001",
    "Ad set name": "Women 25+",
    "Amount spent (USD)": "1,804.5",
    "Impressions": "51200",
    "Link clicks": "600",
    "Clicks (all)": "640",
}
FOLLOWER = {
    "subscribe": 1,
    "openid": "oAli",
    "nickname": "",
    "language": "zh_CN",
    "subscribe_time": 1772672700,
    "unionid": "uAli",
    "remark": "",
    "groupid": 0,
    "tagid_list": [2, 128],
    "subscribe_scene": "ADD_SCENE_QR_CODE",
}
KLAVIYO = {
    "Campaign Name": "Spring",
    "Send Time": "2026-03-05 23:30:00",
    "Total Recipients": "1200",
    "Unique Opens": "300",
    "Open Rate": "25.0%",
    "Campaign ID": "01HX",
    "Campaign Channel": "email",
}
RECEIPT = {
    "phone_number": "13800000001",
    "send_time": "2026-03-05 09:05:00",
    "report_time": "2026-03-05 09:05:09",
    "success": True,
    "err_code": "DELIVERED",
    "err_msg": "用户接收成功",
    "sms_size": "1",
    "biz_id": "900619^0",
    "out_id": "SMS7",
}
MAILCHIMP_MEMBER = {
    "Email Address": "ali@example.com",
    "First Name": "Ali",
    "Last Name": "Pear",
    "Shoe size": "38",
    "MEMBER_RATING": "3",
    "OPTIN_TIME": "2026-03-05 01:05:00",
    "OPTIN_IP": "",
    "CONFIRM_TIME": "2026-03-05 01:05:09",
    "CONFIRM_IP": "203.0.113.7",
    "CC": "de",
    "REGION": "be",
    "LAST_CHANGED": "2026-03-05 01:05:09",
    "LEID": "200000001",
    "EUID": "a1b2c3d4e5",
    "NOTES": "",
    "TAGS": '"VIP","Blog"',
}
TICKET = {
    "Summation column": "1",
    "Id": "100001",
    "Requester": "Ali Pear",
    "Requester id": "360000000001",
    "Requester external id": "'7001.0",
    "Requester email": "ali@example.com",
    "Subject": "Where is it?",
    "Status": "Solved",
    "Ticket type": "Incident",
    "Created at": "2026-03-05 09:05:00",
    "Updated at": "2026-03-06 09:05:00",
    "Solved at": "2026-03-06 09:05:00",
    "Satisfaction Score": "Bad with comment",
    "First reply time in minutes": "1,500",
    "Ticket Category [list]": "delivery",
}
API_TICKET = {
    "id": 100001,
    "requester_id": 360000000001,
    "subject": "Where is it?",
    "status": "solved",
    "type": "question",
    "created_at": "2026-03-05T01:05:00Z",
    "updated_at": "2026-03-06T01:05:00Z",
    "satisfaction_rating": {"id": 7, "score": "good", "comment": "fine"},
    "metric_set": {"solved_at": "2026-03-06T01:05:00Z", "reply_time_in_minutes": {"calendar": 25, "business": 20}},
}
COUPON = {
    "coupon_code": "SPRING",
    "issued_at": "2026-03-05 09:05:00",
    "redeemed_at": "2026-03-06 09:05:00",
    "expires_at": "2026-03-31 23:59:59",
    "campaign_no": "C7",
    "order_no": "1007",
    "member_id": "88001",
    "phone": "13800000001",
}
REVIEW = {"review_id": "r1", "score": "5.0", "reviewed_at": "2026-03-05 09:05:00", "product_id": "SC-1", "email": "Ali@example.com"}
STOCK = {"product_id": "SC-1", "store_id": "0002", "counted_on": "2026/03/05", "quantity": "1,200"}
MESSAGE = {
    "messageId": "m1",
    "channel": "web",
    "anonymousId": "a-1",
    "userId": "7001",
    "originalTimestamp": "2026-03-05T01:05:00.000Z",
    "sentAt": "2026-03-05T01:05:01.000Z",
    "receivedAt": "2026-03-05T01:05:02.000Z",
    "timestamp": "2026-03-05T01:05:00.123456Z",
    "request_ip": "203.0.113.7",
    "rudderId": "r-1",
    "context": {"traits": {"email": "ali@example.com", "phone": "+491700000001"}, "library": {"name": "RudderLabs JavaScript SDK"}},
}
