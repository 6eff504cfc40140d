"""Complete Journey, a year of a grocer's loyalty cards in Parquet: the job gives the figures known for it.

Data: dunnhumby, The Complete Journey; CC0 by the R package of that name.
"""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from tests.end_to_end.conftest import query

CONFIG = "business_time_zone: UTC\nreporting_currency: USD\nrfm: {history_months: 12}\n"  # as the timestamps are written


@pytest.fixture(scope="module")
def home(dbt_manifest: Path, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from assets.cli.run import run_job

    folder = tmp_path_factory.mktemp("complete_journey")
    config = folder / "cdp.yaml"
    config.write_text(CONFIG)
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        run_job(folder / "home", real_data / "complete_journey", None, config, force=False)
    return folder / "home"


def test_every_row_is_accounted_for(home: Path) -> None:
    loads = pl.read_parquet(home / "lake" / "channel_loads" / "part-0.parquet")
    rows = {row["format_name"]: (row["loaded_count"], row["duplicate_count"], row["quarantined_count"]) for row in loads.to_dicts()}
    assert rows["complete_journey_transactions"] == (1_469_307, 0, 0)
    assert rows["complete_journey_coupons"][1:] == (4_872, 0)
    assert rows["complete_journey_demographics"] == (801, 0, 0)


def test_households_baskets_stores_products(home: Path) -> None:
    sql = "select count(*), count(distinct customer_id), count(distinct store_id_channel) from fct_orders"
    assert query(home, sql) == [(155_848, 2_469, 457)]
    span = "select timezone('UTC', min(ordered_at))::varchar, timezone('UTC', max(ordered_at))::varchar from fct_order_lines"
    assert query(home, span) == [("2017-01-01 11:53:26", "2018-01-01 04:01:20")]
    assert query(home, "select count(distinct product_key) from fct_order_lines") == [(68_509,)]


def test_totals_to_the_cent(home: Path) -> None:
    """The three kinds of discount are kept apart in the lake."""
    names = ("line_amount", "discount_amount", "coupon_discount_amount", "coupon_match_discount_amount")
    lines = pl.scan_parquet(home / "lake" / "channel_order_lines" / "*" / "*.parquet")
    expected = tuple(map(Decimal, ("4596039.58", "791650.64", "26359.90", "4542.65")))
    assert lines.select(pl.sum(*names)).collect().row(0) == expected
    assert query(home, "select sum(line_amount) from fct_order_lines") == [expected[:1]]


def test_largest_household(home: Path) -> None:
    sql = "select sum(paid_amount) as total, count(*) from fct_orders group by customer_id order by total desc limit 1"
    assert query(home, sql) == [(Decimal("24879.75"), 375)]


def test_sales_by_month(home: Path) -> None:
    sql = """
    select sum(line_amount) from fct_order_lines
    where ordered_on between date '2017-{0}-01' and last_day(date '2017-{0}-01')
    """
    assert query(home, sql.format("01")) == [(Decimal("370886.93"),)]
    assert query(home, sql.format("12")) == [(Decimal("421882.29"),)]


def test_rows_after_the_year_are_a_day_of_their_own(home: Path) -> None:
    assert query(home, "select count(*) from fct_order_lines where ordered_on >= date '2018-01-01'") == [(534,)]


def test_fuel_is_a_volume(home: Path) -> None:
    assert query(home, "select count(*) from fct_order_lines where quantity > 1000") == [(13_494,)]


def test_campaign_response(home: Path) -> None:
    """Households mailed and households that redeemed, by type of campaign."""
    sql = """
    select c.campaign_type, count(distinct s.customer_id), count(distinct r.customer_id)
    from fct_sends s
    join dim_campaigns c on c.campaign_key = s.campaign_key
    left join fct_coupons r on r.campaign_key = s.campaign_key and r.customer_id = s.customer_id and r.is_redeemed
    group by 1 order by 1
    """
    assert query(home, sql) == [("Type A", 1_490, 371), ("Type B", 995, 116), ("Type C", 397, 30)]


def test_campaign_performance(home: Path, real_data: Path) -> None:
    """Of each campaign the households that the raw files name; nobody reports how many coupons were issued, delivered or paid for."""
    folder = real_data / "complete_journey"
    people = pl.n_unique("household_id").alias("households")
    mailed = pl.read_parquet(folder / "campaigns.parquet").group_by("campaign_id").agg(people)
    used = pl.read_parquet(folder / "coupon_redemptions.parquet").group_by("campaign_id").agg(people)
    wanted = {f"complete_journey:{campaign}": (households, 0) for campaign, households in mailed.rows()}
    wanted |= {
        f"complete_journey:{campaign}": (wanted[f"complete_journey:{campaign}"][0], households) for campaign, households in used.rows()
    }
    rows = query(
        home, "select campaign_key, targeted, redeeming_customer_count from mart_marketing__campaign_performance where not is_registered"
    )
    assert {row[0]: row[1:] for row in rows} == wanted
    sql = """
    select sum(coupons_redeemed), sum(coupons_issued), count(open_rate), count(coupon_redemption_rate), count(cost), count(roas)
    from mart_marketing__campaign_performance
    """
    assert query(home, sql) == [(pl.read_parquet(folder / "coupon_redemptions.parquet").height, 0, 0, 0, 0, 0)]


def test_a_coupon_earns_the_first_basket_of_its_day(home: Path) -> None:
    sql = """
    with used as (select distinct customer_id, redeemed_on from fct_coupons where is_redeemed),
    bought as (select distinct customer_id, purchased_on from fct_orders where is_purchase)
    select count(*) from used join bought on used.customer_id = bought.customer_id and used.redeemed_on = bought.purchased_on
    """
    coupons, messages = query(home, "select count(*) filter (touch = 'coupon'), count(*) filter (touch = 'send') from fct_attributions")[0]
    assert [(coupons,)] == query(home, sql)
    assert isinstance(messages, int) and messages > 0
    outside = """
    select count(*) from fct_attributions join dim_campaigns using (campaign_key)
    where touch = 'send' and (purchased_on < starts_on or purchased_on > starts_on + 7)
    """
    assert query(home, outside) == [(0,)]
