"""An order, its payment and its settlement tell of the same money: same numbers, same amounts, whatever file they stand in."""

from __future__ import annotations

from datetime import date

import polars as pl
import pytest

from pipelines.channels import load_deliveries
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.simulate import SimulationSpec, formats_named, simulate
from tests.channels.lake import frame


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    out = tmp_path_factory.mktemp("deliveries")
    formats = formats_named("marketplaces,web_shop,tills,siss_saleflow")
    spec = SimulationSpec(
        customers=600,
        days=60,
        seed=21,
        first_day=date(2026, 3, 1),
        formats=formats,
        deliver_every_days=20,
        daily_tail_days=0,
        full_refund_share=0.1,
    )
    simulate(spec, out)
    home = Home(tmp_path_factory.mktemp("home"), out)
    assert load_deliveries(home, Config()).problems == ()
    return home


def _newest(home: Home, table: str) -> pl.DataFrame:
    """Each fact once, as its newest export told it."""
    key = next(canonical.key[0] for canonical in CANONICAL_TABLES if canonical.name == table)
    return frame(home, table).sort("_exported_at", maintain_order=True).unique(key, keep="last")


def _paid(home: Home, channel: str) -> pl.DataFrame:
    orders = _newest(home, "channel_orders").filter(pl.col("channel") == channel, pl.col("paid_amount") > 0, order_type="sale")
    assert len(orders) > 50
    return orders


def _sums(home: Home, table: str, channel: str, by: str, amount: str) -> pl.DataFrame:
    rows = _newest(home, table).filter(channel=channel, status="succeeded")
    return rows.group_by(number=by).agg(told=pl.col(amount).sum())


@pytest.mark.parametrize(("shop", "bill"), [("taobao", "alipay"), ("weixin_store", "wechatpay"), ("youzan", "wechatpay")])
def test_payments_stand_in_the_bill_under_their_number(home: Home, shop: str, bill: str) -> None:
    """What Youzan's buyers pay from a balance has no number and stands in no bill."""
    orders = _paid(home, shop).filter(pl.col("payment_no").is_not_null())
    for table, amount in (("channel_payments", "paid_amount"), ("channel_refunds", "refunded_amount")):
        billed = _sums(home, table, bill, "payment_no", amount)
        both = orders.filter(pl.col(amount) > 0).join(billed, left_on="payment_no", right_on="number", how="left")
        assert len(both) > 3 and both["told"].eq_missing(both[amount]).all(), table


@pytest.mark.parametrize(("shop", "nights"), [("pdd", 0), ("jd", 1), ("woo", 0)])
def test_payments_are_settled_under_the_number_of_the_order(home: Home, shop: str, nights: int) -> None:
    """JD bills in the night that follows, so orders of the last day are not billed yet."""
    orders = _paid(home, shop)
    last = orders["paid_at"].max()
    settled = _sums(home, "channel_payments", {"woo": "stripe"}.get(shop, shop), "merchant_order_no", "paid_amount")
    both = orders.join(settled, left_on="order_no", right_on="number", how="left")
    early = both.filter(pl.col("paid_at").fill_null(last) < last - pl.duration(days=nights)) if nights else both
    assert len(early) > 50 and early["told"].eq_missing(early["paid_amount"]).all()
    assert settled.join(orders, left_on="number", right_on="order_no", how="anti").is_empty()


def test_refunds_of_whole_orders_are_those_that_the_order_tells(home: Home) -> None:
    """Told with the order, or inferred from its status: the exact amount of the settlement is the same."""
    for shop, least in (("pdd", 5), ("douyin", 5)):
        orders = _newest(home, "channel_orders").filter(channel=shop, status="refunded")
        back = _sums(home, "channel_refunds", shop, "order_no", "refunded_amount")
        both = orders.join(back, left_on="order_no", right_on="number", how="left")
        assert len(both) >= least and both["told"].eq_missing(both["refunded_amount"]).all(), shop


def test_partial_refunds_stand_in_the_after_sales_alone(home: Home) -> None:
    orders = _newest(home, "channel_orders").filter(channel="douyin")
    cases = _sums(home, "channel_refunds", "douyin", "order_no", "refunded_amount")
    silent = cases.join(orders.filter(pl.col("refunded_amount").is_null()), left_on="number", right_on="order_no")
    assert len(silent) > 0 and (silent["told"] <= silent["paid_amount"]).all()


def test_stripe_pays_back_what_the_shop_says(home: Home) -> None:
    shop = _sums(home, "channel_refunds", "woo", "order_no", "refunded_amount")
    stripe = _sums(home, "channel_refunds", "stripe", "order_no", "refunded_amount")
    assert len(shop) > 3 and shop.sort("number").equals(stripe.sort("number"))


def test_till_took_what_its_receipts_cost(home: Home) -> None:
    """Cash counts without the change that was given back."""
    receipts = _paid(home, "siss")
    taken = _sums(home, "channel_payments", "siss", "merchant_order_no", "paid_amount")
    both = receipts.join(taken, left_on="order_no", right_on="number", how="full")
    assert both["told"].eq_missing(both["paid_amount"]).all()


@pytest.mark.parametrize(
    ("shop", "mark", "amount"),
    [
        ("taobao", "/item/", "gross_amount"),
        ("youzan", "/item/", "gross_amount"),
        ("jd", "/", "gross_amount"),
        ("weixin_store", "/", "gross_amount"),
        ("pospal", "/", "paid_amount"),
        ("square", "/", "paid_amount"),
    ],
)
def test_articles_add_up_to_their_order(home: Home, shop: str, mark: str, amount: str) -> None:
    """Lists of items name orders that the order list has; tickets that were made invalid sold nothing."""
    orders = _newest(home, "channel_orders").filter(pl.col("channel") == shop, pl.col("paid_amount").is_not_null())
    lines = _newest(home, "channel_order_lines").filter(pl.col("channel") == shop, pl.col("line_key").str.contains(mark, literal=True))
    sums = lines.group_by("order_key").agg(told=pl.col("line_amount").sum())
    both = orders.join(sums, on="order_key")
    assert len(both) > 50 and (both["told"] == both[amount]).all()
    assert lines.join(_newest(home, "channel_orders"), on="order_key", how="anti").is_empty()


def test_payments_of_a_shop_lead_to_a_person(home: Home) -> None:
    """The number of the payment joins an order without a buyer to the openid of the bill: who that is, the truth agrees."""
    truth = pl.read_parquet(home.deliveries / "truth" / "source_records.parquet").select("source_record_key", "person_id")
    points = frame(home, "channel_contact_points").filter(type="payment_order_no").select("source_record_key", "value_raw").unique()
    ends = points.filter(pl.col("source_record_key").str.starts_with("weixin_store:")).join(
        points.filter(pl.col("source_record_key").str.starts_with("wechatpay:")), on="value_raw"
    )
    people = ends.join(truth, on="source_record_key").join(truth, left_on="source_record_key_right", right_on="source_record_key")
    assert len(people) > 50 and (people["person_id"] == people["person_id_right"]).all()
