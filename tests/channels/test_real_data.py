"""Real exports give the figures that are known of them, at the level of the canonical tables."""

from __future__ import annotations

import tarfile
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from pipelines.channels import load_deliveries
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from tests.channels.lake import frame, loads, unaccounted


@pytest.fixture(scope="module")
def uci(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """305 daily files. D. Chen, Online Retail, doi 10.24432/C5BW33, CC BY 4.0."""
    home = Home(tmp_path_factory.mktemp("uci"))
    with tarfile.open(real_data / "uci_online_retail" / "by_day.tar.gz") as archive:
        archive.extractall(home.deliveries, filter="data")
    load_deliveries(home, Config(business_time_zone="Europe/London"))
    return home


def test_uci_rows(uci: Home) -> None:
    lines = frame(uci, "channel_order_lines")
    assert lines.height == 541_909
    assert lines["line_key"].n_unique() == 541_909
    assert lines.filter(pl.col("quantity") <= 0).height == 10_624
    assert lines.filter(pl.col("unit_price_amount") <= 0).height == 2_517
    assert lines["line_amount"].sum() == Decimal("9747747.93")
    assert lines.filter(line_type="return").select(pl.len(), pl.sum("line_amount")).row(0) == (9_288, Decimal("-896812.49"))


def test_uci_invoices(uci: Home) -> None:
    orders = frame(uci, "channel_orders")
    assert orders.height == orders["order_no"].n_unique() == 25_900
    assert orders["paid_amount"].sum() == Decimal("9747747.93")
    assert orders.filter(order_type="return").height == 3_836
    assert orders["source_record_key"].n_unique() - 1 == 4_372
    bought = frame(uci, "channel_order_lines").filter(pl.col("quantity") > 0, pl.col("unit_price_amount") > 0)
    named = bought.join(orders.select("order_key", "source_record_key").drop_nulls(), on="order_key")
    assert named.select(pl.len(), pl.n_unique("order_key"), pl.n_unique("source_record_key"), pl.sum("line_amount")).row(0) == (
        397_884,
        18_532,
        4_338,
        Decimal("8911407.90"),
    )
    largest = orders.filter(source_record_key="uci:14646", order_type="sale")
    assert (largest["paid_amount"].sum(), largest.height) == (Decimal("280206.02"), 73)


def test_uci_files(uci: Home) -> None:
    found = loads(uci)
    assert len(found) == 305
    assert all(unaccounted(row) == 0 and row["covers_from_on"] == row["covers_to_on"] for row in found.values())
    assert all(str(row["covers_to_on"]) in name for name, row in found.items())


@pytest.fixture(scope="module")
def journey(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    """dunnhumby, The Complete Journey; CC0 by the R package of that name."""
    home = Home(tmp_path_factory.mktemp("journey"), real_data / "complete_journey")
    load_deliveries(home, Config(business_time_zone="UTC"))
    return home


def test_journey_rows(journey: Home) -> None:
    counted = {row["format_name"].removeprefix("complete_journey_"): row for row in loads(journey).values()}
    assert {name: (row["loaded_count"], row["duplicate_count"], row["quarantined_count"]) for name, row in counted.items()} == {
        "transactions": (1_469_307, 0, 0),
        "demographics": (801, 0, 0),
        "campaigns": (6_589, 0, 0),
        "campaign_descriptions": (27, 0, 0),
        "coupons": (111_332, 4_872, 0),
        "coupon_redemptions": (2_102, 0, 0),
        "products": (92_331, 0, 0),
    }


def test_journey_sums_to_the_cent(journey: Home) -> None:
    lines = frame(journey, "channel_order_lines")
    amounts = ("line_amount", "discount_amount", "coupon_discount_amount", "coupon_match_discount_amount")
    assert lines.select(pl.sum(*amounts)).row(0) == tuple(map(Decimal, ("4596039.58", "791650.64", "26359.90", "4542.65")))
    assert lines["product_id_channel"].n_unique() == 68_509
    assert lines.filter(pl.col("quantity") > 1_000).height == 13_494
    months = lines.group_by(pl.col("ordered_at").dt.strftime("%Y-%m")).agg(pl.sum("line_amount"))
    assert dict(months.rows())["2017-01"] == Decimal("370886.93")
    assert dict(months.rows())["2017-12"] == Decimal("421882.29")
    assert lines.filter(pl.col("ordered_at").dt.year() == 2018).height == 534


def test_journey_baskets(journey: Home) -> None:
    orders = frame(journey, "channel_orders")
    assert orders.select(pl.len(), pl.n_unique("source_record_key"), pl.n_unique("store_id_channel"), pl.sum("paid_amount")).row(0) == (
        155_848,
        2_469,
        457,
        Decimal("4596039.58"),
    )
    largest = orders.filter(source_record_key="complete_journey:1023")
    assert (largest["paid_amount"].sum(), largest.height) == (Decimal("24879.75"), 375)


def test_journey_campaigns(journey: Home) -> None:
    kinds = frame(journey, "channel_campaigns").select("campaign_no", "campaign_type")

    def households(table: str, **where: str) -> dict[str, int]:
        rows = frame(journey, table).filter(**where).join(kinds, on="campaign_no")
        return dict(rows.group_by("campaign_type").agg(pl.n_unique("source_record_key")).rows())

    assert households("channel_sends") == {"Type A": 1_490, "Type B": 995, "Type C": 397}
    assert households("channel_coupons", status="redeemed") == {"Type A": 371, "Type B": 116, "Type C": 30}
