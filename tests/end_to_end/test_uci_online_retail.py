"""UCI Online Retail, 305 daily exports of a real shop: the job gives the figures known for it.

Data: D. Chen (2015), Online Retail, UCI Machine Learning Repository, doi 10.24432/C5BW33, CC BY 4.0.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable
from datetime import date
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest

from assets.cli.run import Outcome
from tests.end_to_end.conftest import content_of_published, query

RunInProcess = Callable[..., Outcome]
CONFIG = "business_time_zone: Europe/London\nreporting_currency: GBP\n"


@pytest.fixture(scope="module")
def daily_files(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("uci")
    with tarfile.open(real_data / "uci_online_retail" / "by_day.tar.gz") as archive:
        archive.extractall(folder, filter="data")
    return folder


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "cdp.yaml"
    path.write_text(CONFIG)
    return path


@pytest.fixture(scope="module")
def home(dbt_manifest: Path, daily_files: Path, config: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    from assets.cli.run import run_job

    folder = tmp_path_factory.mktemp("uci_home")
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("DAGSTER_HOME", raising=False)
        run_job(folder, daily_files, None, config, force=False)
    return folder


def test_newest_day_is_the_last_with_sales(home: Path) -> None:
    assert query(home, "select distinct as_of from kpi") == [(date(2011, 12, 9),)]


def test_every_row_of_every_file_is_loaded(home: Path) -> None:
    loads = pl.read_parquet(home / "lake" / "channel_loads" / "part-0.parquet")
    assert (loads.height, loads["loaded_count"].sum(), loads["quarantined_count"].sum(), loads["duplicate_count"].sum()) == (
        305,
        541_909,
        0,
        0,
    )
    assert query(home, "select count(*) from fct_order_lines") == [(541_909,)]


def test_invoices_and_cancellations(home: Path) -> None:
    assert query(home, "select count(*), count(distinct order_key), count(*) filter (order_type = 'return') from fct_orders") == [
        (25_900, 25_900, 3_836)
    ]
    sql = "select count(*) filter (line_type = 'return') from fct_order_lines"
    assert query(home, sql) == [(9_288,)]


def test_customers_and_rows_that_name_none(home: Path) -> None:
    assert query(home, "select count(distinct customer_id) from fct_orders") == [(4_372,)]
    assert query(home, "select count(*) from fct_order_lines join fct_orders using (order_key) where customer_id is null") == [(135_080,)]


def test_repeated_rows_are_kept_and_can_be_counted(home: Path) -> None:
    """A till prints the same article twice: dropping these would lose sales."""
    lines = pl.scan_parquet(home / "lake" / "channel_order_lines" / "*" / "*.parquet")
    columns = ["order_key", "product_id_channel", "product_name", "quantity", "ordered_at", "unit_price_amount"]
    counted = lines.group_by(columns).len().select((pl.col("len") - 1).sum()).collect().item()
    assert counted == 5_268


def test_signs_countries_and_totals(home: Path) -> None:
    """Unit prices stay in the lake, where they have six decimals: a sum of rounded lines is off by cents."""
    amount = pl.col("quantity").cast(pl.Decimal(38, 9)) * pl.col("unit_price_amount")
    returned = pl.col("line_type") == "return"
    lines = pl.scan_parquet(home / "lake" / "channel_order_lines" / "*" / "*.parquet")
    figures = lines.select(
        (pl.col("quantity") <= 0).sum().alias("not_positive"),
        (pl.col("unit_price_amount") <= 0).sum().alias("free"),
        amount.sum().round(2).alias("total"),
        amount.filter(returned).sum().round(2).alias("returned"),
    )
    assert figures.collect().row(0) == (10_624, 2_517, Decimal("9747747.93"), Decimal("-896812.49"))
    # one of them is called Unspecified, which is none
    assert query(home, "select count(distinct coalesce(country, '')) from fct_orders") == [(38,)]


def test_purchases_of_known_customers(home: Path) -> None:
    sql = """
    select count(*), count(distinct customer_id), sum(net_amount) from fct_orders where is_purchase and customer_id is not null
    """
    assert query(home, sql) == [(18_532, 4_338, Decimal("8911407.90"))]
    lines = """
    select count(*) from fct_order_lines join fct_orders using (order_key)
    where customer_id is not null and line_type = 'sale'
    """
    assert query(home, lines) == [(397_884,)]


def test_repeat_buyers_and_the_largest_customer(home: Path) -> None:
    sql = "select order_count_total, net_amount_total from mart_marketing__customer_360 where order_count_total > 1 order by 2 desc"
    rows = query(home, sql)
    assert len(rows) == 2_845
    assert rows[0] == (73, Decimal("280206.02"))


def test_new_customers_by_month(home: Path) -> None:
    rows = query(home, "select customer_count from cohort_retention where months_since = 0 order by first_purchase_month")
    assert [row[0] for row in rows] == [885, 417, 380, 452, 300, 284, 242, 188, 169, 299, 358, 323, 41]


def test_december_cohort_row(home: Path) -> None:
    sql = "select active_customer_count from cohort_retention where first_purchase_month = date '2010-12-01' order by months_since"
    assert [row[0] for row in query(home, sql)] == [885, 324, 286, 340, 321, 352, 321, 309, 313, 350, 331, 445, 235]


def test_a_week_in_three_nights_equals_one_run(daily_files: Path, config: Path, tmp_path: Path, run_in_process: RunInProcess) -> None:
    """Nights that go on with what the one before built: over one day, and over several that came late together."""
    files = sorted(daily_files.rglob("*.csv"))[:7]
    inbox, by_day, at_once = tmp_path / "inbox", tmp_path / "by_day", tmp_path / "at_once"
    inbox.mkdir()
    for night in (files[:3], files[3:6], files[6:]):
        for file in night:
            (inbox / file.name).write_bytes(file.read_bytes())
        run_in_process(by_day, inbox, date.fromisoformat(night[-1].stem), config)
    run_in_process(at_once, inbox, date.fromisoformat(files[-1].stem), config)
    last = files[-1].stem
    first, second = content_of_published(by_day), content_of_published(at_once)
    # a single run restates nothing, has no models and clusters of earlier days, and no cluster that it would go on with
    of_runs = (":kpi_restatement", ":tag_report", ":value_models", ":value_clusters", ":mart_marketing__customer_360")
    lists = [name for name in second if name.startswith(f"segments/{last}/") and name.endswith(".csv")]
    tables = [name for name in second if ":" in name and not name.endswith(of_runs)]
    assert len(lists) > 60 and len(tables) > 50
    assert {name: first[name] for name in [*lists, *tables]} == {name: second[name] for name in [*lists, *tables]}
    customers = "select columns(c -> c <> 'cluster_label') from mart_marketing__customer_360 order by customer_id"
    assert query(by_day, customers) == query(at_once, customers)
