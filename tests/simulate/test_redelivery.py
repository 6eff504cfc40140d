"""Deliveries overlap: an order comes again when its status changed, and it never goes backwards."""

from __future__ import annotations

from collections import defaultdict

TAOBAO_STEPS = {"等待买家付款": 0, "买家已付款，等待卖家发货": 1, "卖家已发货，等待买家确认": 2, "交易成功": 3, "交易关闭": 4}
YOUZAN_STEPS = {"等待买家付款": 0, "等待商家发货": 1, "商家已发货": 2, "交易完成": 3, "交易关闭": 4}
SHOPIFY_STEPS = {"pending": 0, "voided": 1, "paid": 1, "partially_refunded": 2, "refunded": 2}


def _versions(rows, key, status):
    found = defaultdict(list)
    for row in rows:
        if row[status]:
            found[row[key]].append((row["_day"], row[status].replace(",", "，")))
    return found


def test_orders_come_again_with_a_later_status(rows_of):
    cases = [
        ("taobao_order_v1", "订单编号", "订单状态", TAOBAO_STEPS),
        ("youzan_order", "订单号", "订单状态", YOUZAN_STEPS),
        ("shopify_orders", "Name", "Financial Status", SHOPIFY_STEPS),
    ]
    for name, key, status, steps in cases:
        versions = _versions(rows_of(name), key, status)
        assert sum(len(found) > 1 for found in versions.values()) > 20, name
        for found in versions.values():
            days = [day for day, _ in found]
            assert days == sorted(set(days)), "one version an order and delivery"
            order = [steps[state] for _, state in found]
            assert order == sorted(order), found


def test_refunded_taobao_orders_were_delivered_as_paid_before(rows_of):
    rows = rows_of("taobao_order_v1")
    refunded = {row["订单编号"] for row in rows if row["订单关闭原因"] == "退款"}
    paid = {row["订单编号"] for row in rows if row["订单关闭原因"] == "订单未关闭"}
    assert len(refunded & paid) >= 5


def test_youzan_refunds_are_cumulative_and_at_most_what_was_paid(rows_of):
    rows = rows_of("youzan_order")
    last: dict[str, float] = {}
    for row in rows:
        refunded = float(row["订单已退款金额"])
        assert last.get(row["订单号"], 0.0) <= refunded <= float(row["订单实付金额"])
        last[row["订单号"]] = refunded
    assert any(last.values())


def test_delivery_tells_of_nothing_that_is_still_to_come(rows_of):
    for name, columns in {
        "taobao_order_v1": ["订单创建时间", "订单付款时间"],
        "youzan_order": ["订单创建时间", "买家付款时间", "交易成功时间"],
        "youzan_customer": ["成为客户时间", "上次消费时间"],
        "shopify_orders": ["Created at", "Paid at", "Fulfilled at", "Cancelled at"],
        "siss_saleflow": ["oper_date"],
        "zendesk_csv": ["Created at", "Solved at"],
        "loyalty_points": ["occurred_at"],
    }.items():
        for row in rows_of(name):
            for column in columns:
                assert row[column][:16] <= f"{row['_day']} 23:55", (name, column, row)


def test_customer_snapshots_count_the_orders_delivered_so_far(rows_of):
    paid = defaultdict(set)
    for row in rows_of("shopify_orders"):
        if row["Financial Status"] in ("paid", "partially_refunded", "refunded"):
            paid[row["Email"].lower()].add((row["Paid at"][:10], row["Name"]))
    emails = {row["Email"] for row in rows_of("shopify_customers")}
    checked = 0
    for row in rows_of("shopify_customers"):
        expected = {name for day, name in paid[row["Email"]] if day <= row["_day"]}
        if row["Email"] in emails:
            assert int(row["Total Orders"]) == len(expected)
            checked += len(expected)
    assert checked > 50
