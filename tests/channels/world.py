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
