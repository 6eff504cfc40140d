"""What plain lists of coupons, reviews and stock become, row by row, and how a shop's own headers are mapped to them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from tests.channels.canonical import canonical, csv, points
from tests.channels.lake import home_with, load, loads, rows
from tests.channels.world import COUPON, REVIEW, STOCK

AT, USED = datetime(2026, 3, 5, 1, 5, tzinfo=UTC), datetime(2026, 3, 6, 1, 5, tzinfo=UTC)


def test_coupons(tmp_path: Path) -> None:
    open_one = {**COUPON, "redeemed_at": "", "order_no": "", "member_id": "", "phone": ""}
    found = canonical(
        tmp_path,
        "coupons_20260307.csv",
        csv([COUPON, open_one, {**open_one, "coupon_code": "WINTER", "expires_at": "2026-03-06 23:59:59"}]),
        "generic_coupons",
    )
    assert found["channel_coupons"][0] == {
        "channel": "coupons",
        "coupon_key": "coupons:SPRING/2026-03-05 01:05:00.000000+00:00/1",
        "coupon_code": "SPRING",
        "campaign_no": "C7",
        "source_record_key": "coupons:88001",
        "status": "redeemed",
        "issued_at": AT,
        "redeemed_at": USED,
        "expires_at": datetime(2026, 3, 31, 15, 59, 59, tzinfo=UTC),
        "order_no": "1007",
    }
    assert [(row["coupon_key"][-1], row["status"], row.get("source_record_key")) for row in found["channel_coupons"][1:]] == [
        ("2", "issued", None),
        ("1", "expired", None),
    ]
    assert points(found) == [
        ("coupons:88001", "member_id", "merchant", "88001"),
        ("coupons:88001", "phone", "global", "13800000001"),
    ]


def test_reviews(tmp_path: Path) -> None:
    nps = {**REVIEW, "review_id": "r2", "review_type": "NPS", "score": "10", "product_id": ""}
    odd = {**REVIEW, "review_id": "r3", "review_type": "", "score": "10", "product_id": "", "email": ""}
    found = canonical(tmp_path, "reviews_20260307.csv", csv([nps, {**REVIEW, "review_type": ""}, odd]), "generic_reviews")
    assert found["channel_reviews"][1] == {
        "channel": "reviews",
        "review_key": "reviews:r1",
        "review_type": "product",
        "source_record_key": "reviews:ali@example.com",
        "product_id_channel": "SC-1",
        "score": 5,
        "reviewed_at": AT,
    }
    assert [(row["review_type"], row.get("score")) for row in (found["channel_reviews"][0], found["channel_reviews"][2])] == [
        ("nps", 10),
        ("service", None),
    ], "ten of five is no score"
    assert points(found) == [("reviews:ali@example.com", "email", "global", "Ali@example.com")]


def test_stock_of_several_places_is_added_up(tmp_path: Path) -> None:
    rest = {**STOCK, "quantity": "-3"}
    elsewhere = {**STOCK, "store_id": "", "quantity": "4"}
    found = canonical(tmp_path, "stock_20260307.csv", csv([STOCK, rest, rest, elsewhere]), "generic_stock")
    assert found["channel_stock"] == [
        {
            "channel": "stock",
            "stock_key": "stock:0002/SC-1/2026-03-05",
            "store_id_channel": "0002",
            "product_id_channel": "SC-1",
            "counted_on": date(2026, 3, 5),
            "quantity": Decimal("1194.000"),
        },
        {
            "channel": "stock",
            "stock_key": "stock:/SC-1/2026-03-05",
            "product_id_channel": "SC-1",
            "counted_on": date(2026, 3, 5),
            "quantity": Decimal("4.000"),
        },
    ]


@pytest.mark.parametrize(
    ("row", "headers", "format_name", "table"),
    [
        (
            COUPON,
            ["券码", "发放时间", "核销时间", "过期时间", "活动编号", "订单号", "会员号", "手机号"],
            "generic_coupons_zh",
            "channel_coupons",
        ),
        (REVIEW, ["评价编号", "评分", "评价时间", "商品编码", "邮箱"], "generic_reviews_zh", "channel_reviews"),
        (STOCK, ["商品编码", "门店编码", "盘点日期", "库存数量"], "generic_stock_zh", "channel_stock"),
    ],
)
def test_chinese_headers_give_the_same_rows(tmp_path: Path, row: dict[str, str], headers: list[str], format_name: str, table: str) -> None:
    english = canonical(tmp_path / "en", "2026-03-07/x.csv", csv([row]), format_name.removesuffix("_zh"))
    chinese = canonical(tmp_path / "zh", "2026-03-07/x.csv", csv([dict(zip(headers, row.values(), strict=True))]), format_name)
    assert english == chinese
    assert english[table]


def test_own_headers_are_mapped_by_a_contract_of_a_few_lines(tmp_path: Path) -> None:
    own = tmp_path / "formats"
    own.mkdir()
    (own / "my_stock.yaml").write_text(
        "format: my_stock\nextends: generic_stock\ntitle: Our warehouse\ndetect: [artikel, bestand]\n"
        "fields:\n  product_id: {column: artikel, type: id, required: true}\n"
        "  counted_on: {column: tag, type: date, formats: ['%d.%m.%Y'], required: true}\n"
        "  quantity: {column: bestand, type: quantity, clean: [decimal_comma], required: true}\n"
    )
    shipped = Path(__file__).parents[2] / "pipelines" / "channels" / "formats" / "generic_stock.yaml"
    assert "extends: generic_stock" in shipped.read_text(encoding="utf-8")
    home = home_with(tmp_path / "home", {"x.csv": 'artikel,tag,bestand\nSC-1,05.03.2026,"1.200,5"\n'})
    load(home, formats_folders=[str(own)])
    assert loads(home)["x.csv"]["format_name"] == "my_stock"
    assert [(row["stock_key"], row["quantity"]) for row in rows(home, "channel_stock")] == [("stock:/SC-1/2026-03-05", Decimal("1200.500"))]


@pytest.mark.parametrize("is_chinese", [False, True])
def test_shipments_are_events_of_their_order(tmp_path: Path, is_chinese: bool) -> None:
    names = {"order_no": "订单号", "parcel_no": "运单号", "carrier": "快递公司", "status": "物流状态", "shipped_at": "发货时间"}
    names |= {"delivered_at": "签收时间", "receiver": "收件人"}
    parcel = {"order_no": "1007", "parcel_no": "SF1", "carrier": "顺丰", "status": "signed", "receiver": "阿梨"}
    parcel |= {"shipped_at": "2026-03-05 09:05:00", "delivered_at": "2026-03-06 09:05:00"}
    under_way = {**parcel, "parcel_no": "SF2", "delivered_at": ""}
    waiting = {**under_way, "parcel_no": "SF3", "shipped_at": ""}
    lines = [{names[name] if is_chinese else name: value for name, value in row.items()} for row in (parcel, under_way, waiting)]
    found = canonical(tmp_path, "shipments_20260307.csv", csv(lines), "generic_shipments_zh" if is_chinese else "generic_shipments")
    assert set(found) == {"channel_events"}, "who receives a parcel is not read"
    assert found["channel_events"][0] == {
        "channel": "logistics",
        "event_key": "logistics:1007/SF1/shipped",
        "event_name": "order_shipped",
        "event_name_channel": "signed",
        "occurred_at": AT,
        "order_no": "1007",
    }
    told = {(row["event_key"], row["event_name"], row["occurred_at"]) for row in found["channel_events"][1:]}
    assert told == {("logistics:1007/SF1/delivered", "order_delivered", USED), ("logistics:1007/SF2/shipped", "order_shipped", AT)}
