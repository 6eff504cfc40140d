"""Every export that a contract reads is written by the simulator, and what it writes is read whole: nothing lost, nobody unknown."""

from __future__ import annotations

import csv
import io
import zipfile
from collections import Counter
from datetime import date
from pathlib import Path

import fastexcel
import polars as pl
import pytest

from pipelines.channels import load_deliveries
from pipelines.channels.formats import SHIPPED, read_formats
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.identity import resolve_identity
from pipelines.simulate import ALL_FORMATS, SimulationSummary
from pipelines.simulate.exports import EXPORTS
from tests.channels.canonical import broken_promises
from tests.channels.headers import HEADERS
from tests.channels.lake import frame, loads, unaccounted

# Data sets that exist as they are; and tables, ledgers and languages beside an export that is simulated: their rows are tested alone.
NOT_SIMULATED = {
    "alipay_fund",
    "alipay_personal_bill",
    "douyin_fund",
    "douyin_settlement",
    "klaviyo_campaign_table",
    "mailchimp_cleaned",
    "meta_ads_de",
    "meta_ads_de_semicolon",
    "meta_ads_fr",
    "meta_ads_zh",
    "shopify_customer_table",
    "shopify_customer_table_gql",
    "shopify_order_table",
    "shopify_order_table_gql",
    "wechatpay_all_v1",
    "wechatpay_personal_bill",
    "zendesk_ticket_table",
    "zendesk_user_table",
    "uci_online_retail",
    "complete_journey_campaign_descriptions",
    "complete_journey_campaigns",
    "complete_journey_coupon_redemptions",
    "complete_journey_coupons",
    "complete_journey_demographics",
    "complete_journey_products",
    "complete_journey_transactions",
}
DELIVERED = {folder.name for folder in (Path(__file__).resolve().parents[1] / "channels" / "exports").iterdir()}
REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
Loaded = tuple[Home, SimulationSummary]


@pytest.fixture(scope="module")
def loaded(every_export: tuple[Path, SimulationSummary], tmp_path_factory: pytest.TempPathFactory) -> Loaded:
    out, summary = every_export
    home = Home(tmp_path_factory.mktemp("home"), out)
    assert load_deliveries(home, Config()).refused == ()
    return home, summary


def read_as(name: str) -> tuple[str, ...]:
    return EXPORTS[name].read_as or (name,)


def test_every_shipped_contract_is_simulated() -> None:
    """Or has an export of its own beside its rows."""
    shipped = {item.name for item in read_formats([SHIPPED])}
    assert {contract for name in ALL_FORMATS for contract in read_as(name)} | DELIVERED == shipped - NOT_SIMULATED
    assert set(EXPORTS) == ALL_FORMATS


def test_each_export_is_recognized_and_every_row_of_it_is_read(loaded: Loaded) -> None:
    """The summary of Alipay's bill, a line a shop and a total, lies beside the details and has no rows of its own."""
    home, summary = loaded
    written = Counter[str]()
    for name, count in summary.rows.items():
        assert count > 0, name
        written[read_as(name)[0]] += count
    counts = pl.sum_horizontal("loaded_count", "duplicate_count", "quarantined_count")
    read = dict(frame(home, "channel_loads").group_by("format_name").agg(counts.sum()).rows())
    assert read.pop("alipay_bill_summary") == 3 * 2, "two shops in each of three bills"
    assert read == written


def test_every_line_is_accounted_for(loaded: Loaded) -> None:
    home, _ = loaded
    assert {name: unaccounted(row) for name, row in loads(home).items() if unaccounted(row)} == {}


def test_only_what_was_spoilt_on_purpose_is_set_aside(loaded: Loaded) -> None:
    """Phones of Chinese coupons that a spreadsheet turned into numbers: three in a hundred holders, on every line of theirs."""
    home, _ = loaded
    spoilt = sum(path.read_text("utf-8-sig").count("E+10") for path in home.deliveries.glob("*/优惠券_*.csv"))
    aside = frame(home, "channel_quarantine")
    assert set(aside.select("format_name", "column_name").rows()) == {("generic_coupons_zh", "手机号")}
    assert len(aside) == spoilt > 0


def test_rows_keep_every_promise_of_the_stage(loaded: Loaded) -> None:
    assert broken_promises(loaded[0]) == []


def test_records_are_known_by_their_true_keys(loaded: Loaded) -> None:
    home, _ = loaded
    truth = pl.read_parquet(home.deliveries / "truth" / "source_records.parquet")["source_record_key"]
    tables = [table.name for table in CANONICAL_TABLES if "source_record_key" in table.schema]
    told = {key for table in tables if list(home.table(table).rglob("*.parquet")) for key in frame(home, table)["source_record_key"]}
    assert told - {None} == set(truth)


def test_each_record_of_one_person_names_a_person_of_the_simulation(loaded: Loaded) -> None:
    """Only what several share, or nobody owns, is ambiguous: phones of families, the card of the cashiers."""
    records = pl.read_parquet(loaded[0].deliveries / "truth" / "source_records.parquet")
    people = pl.read_parquet(loaded[0].deliveries / "truth" / "people.parquet")["person_id"]
    sure = records.filter(~pl.col("is_ambiguous"))
    assert sure["person_id"].is_in(people.implode()).all() and sure["source_record_key"].is_unique().all()
    shared = records.filter("is_ambiguous")["source_record_key"].str.split(":").list.first()
    assert set(shared) <= {"youzan", "siss", "sms", "wecom", "reviews", "coupons", "segment", "ga4"}


def test_people_of_every_export_are_told_apart(loaded: Loaded) -> None:
    """Pairs of records that the resolution joins, against the truth: families share phones, all else would be a wrong key."""
    home, _ = loaded
    resolve_identity(Run(date(2026, 4, 9), Config(), home, REFERENCE))
    current = pl.concat([pl.read_parquet(part) for part in home.table("identity_current").rglob("*.parquet")])
    truth = pl.read_parquet(home.deliveries / "truth" / "source_records.parquet").filter(~pl.col("is_ambiguous"))
    known = current.select("source_record_key", "customer_id").join(truth, on="source_record_key")

    def pairs(*by: str) -> int:
        return int(known.group_by(by).len().select(pl.col("len") * (pl.col("len") - 1) // 2).sum().item())

    assert pairs("customer_id", "person_id") > 1_000
    assert pairs("customer_id", "person_id") > 0.97 * pairs("customer_id")


def test_channels_that_withhold_the_buyer_name_nobody(loaded: Loaded) -> None:
    home, _ = loaded
    orders = frame(home, "channel_orders").filter(pl.col("channel").is_in(["douyin", "pdd", "woo"]))
    assert len(orders) > 100 and orders["source_record_key"].null_count() == len(orders)


@pytest.mark.parametrize(
    ("name", "pattern", "encoding", "above"),
    [
        ("taobao_order_v2", "ExportOrderOutletList*.csv", "gb18030", 0),
        ("douyin_order", "douyin_orders_*.csv", "utf-8-sig", 0),
        ("douyin_aftersale", "douyin_aftersales_*.csv", "utf-8-sig", 0),
        ("pdd_settlement", "pdd_settlement_*.csv", "gb18030", 4),
        ("jd_order_v1", "jd_orders_*.csv", "gb18030", 0),
        ("youzan_item", "youzan_outlet_item_*.csv", "utf-8-sig", 0),
        ("youzan_order", "youzan_outlet_order_*.csv", "utf-8-sig", 0),
        ("wechatpay_success", "*Success*.csv", "utf-8-sig", 0),
        ("wechatpay_refund", "*Refund*.csv", "utf-8-sig", 0),
    ],
)
def test_headers_are_those_of_the_real_export(loaded: Loaded, name: str, pattern: str, encoding: str, above: int) -> None:
    path = min(loaded[0].deliveries.glob(f"*/{pattern}"))
    header = next(csv.reader(io.StringIO(path.read_bytes().decode(encoding).split("\n")[above])))
    assert [cell.rstrip("\r") for cell in header if cell.strip()] == HEADERS[name]


@pytest.mark.parametrize(
    ("name", "pattern", "above"),
    [
        ("taobao_order_v3", "ExportOrderTmallList*.xlsx", 0),
        ("taobao_item_v3", "ExportOrderItemList*.xlsx", 0),
        ("jd_settlement", "jd_settlement_*.xlsx", 1),
        ("weixin_store_order", "weixin_store_orders_*.xlsx", 0),
    ],
)
def test_headers_of_workbooks_are_those_of_the_real_export(loaded: Loaded, name: str, pattern: str, above: int) -> None:
    path = min(loaded[0].deliveries.glob(f"*/{pattern}"))
    sheet = fastexcel.read_excel(path).load_sheet(0, header_row=None, dtypes="string").to_polars()
    assert list(sheet.row(above)) == HEADERS[name]


def test_columns_of_pinduoduo_are_those_of_the_real_export_in_any_order(loaded: Loaded) -> None:
    headers = [path.read_text("utf-8-sig").split("\n")[0].split(",") for path in sorted(loaded[0].deliveries.glob("*/pdd_orders_*.csv"))]
    assert {tuple(sorted(header)) for header in headers} == {tuple(sorted(HEADERS["pdd_order"]))}
    assert len({tuple(header) for header in headers}) == 2


def test_alipay_archive_has_names_in_gbk_and_does_not_say_so(loaded: Loaded) -> None:
    with zipfile.ZipFile(min(loaded[0].deliveries.glob("*/*.csv.zip"))) as archive:
        assert [info.flag_bits & 0x800 for info in archive.infolist()] == [0, 0]
        names = [info.filename.encode("cp437").decode("gbk").split("_")[-1] for info in archive.infolist()]
        assert archive.testzip() is None
    assert names == ["业务明细.csv", "业务明细(汇总).csv"]
