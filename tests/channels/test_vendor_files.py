"""Files as vendors and their users publish them, against what the plain csv module reads of them."""

from __future__ import annotations

import csv
import io
import tarfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.channels import LoadReport
from pipelines.contracts.home import Home
from tests.channels.canonical import broken_promises
from tests.channels.lake import frame, load, loads, rows, unaccounted

_SEEDS = "warehouse_seeds_shopify_klaviyo_zendesk.tar.gz"
_TABLES = {
    "dbt_klaviyo/campaign.csv": "klaviyo_campaign_table",
    "dbt_shopify/shopify_customer_data.csv": "shopify_customer_table",
    "dbt_shopify/shopify_gql_customer_data.csv": "shopify_customer_table_gql",
    "dbt_shopify/shopify_order_data.csv": "shopify_order_table",
    "dbt_shopify/shopify_gql_order_data.csv": "shopify_order_table_gql",
    "dbt_zendesk/ticket_data.csv": "zendesk_ticket_table",
    "dbt_zendesk/user_data.csv": "zendesk_user_table",
    "dbt_zendesk/user_data_snowflake.csv": "zendesk_user_table",
}


@pytest.fixture(scope="module")
def folder(real_data: Path) -> Path:
    found = real_data / "vendor_files"
    if not found.is_dir():
        pytest.skip("the vendors' files are not beside the checkout (../shared/data/vendor_files)")
    return found


@pytest.fixture(scope="module")
def loaded(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, LoadReport]:
    home = Home(tmp_path_factory.mktemp("vendors"), folder)
    return home, load(home)


def records(text: str, first_cell: str) -> list[dict[str, str]]:
    """Rows below the header that begins with this cell, by stripped header, cells stripped."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.split(",")[0].strip() == first_cell)
    header, *found = csv.reader(io.StringIO("\n".join(lines[begin:])))
    return [{name.strip(): cell.strip() for name, cell in zip(header, row, strict=False)} for row in found]


def amounts(found: Sequence[dict[str, str]], column: str) -> list[Decimal]:
    return sorted(Decimal(row[column].lstrip("¥")) for row in found if row["收/支"] == "收入")


def paid(home: Home, channel: str) -> list[Decimal]:
    return sorted(row["paid_amount"] for row in rows(home, "channel_payments") if row["channel"] == channel)


def test_wechat_bill_loads_whole(loaded: tuple[Home, LoadReport], folder: Path) -> None:
    home, _ = loaded
    text = (folder / "example-wechat-records.csv").read_text()
    wanted = records(text, "交易时间")
    ledger = loads(home)["example-wechat-records.csv"]
    assert (ledger["format_name"], ledger["loaded_count"], ledger["quarantined_count"]) == ("wechatpay_personal_bill", len(wanted), 0)
    assert (ledger["line_count"], ledger["preamble_count"], unaccounted(ledger)) == (len(text.splitlines()), 16, 0)
    assert paid(home, "wechatpay") == amounts(wanted, "金额(元)")
    assert sum(paid(home, "wechatpay")) == Decimal("28.49")


def test_alipay_bill_loads_whole(loaded: tuple[Home, LoadReport], folder: Path) -> None:
    home, _ = loaded
    text = (folder / "example-alipay-records.csv").read_bytes().decode("gb18030")
    wanted = records(text, "交易时间")
    ledger = loads(home)["example-alipay-records.csv"]
    assert (ledger["format_name"], ledger["loaded_count"], ledger["quarantined_count"]) == ("alipay_personal_bill", len(wanted), 0)
    assert (ledger["line_count"], ledger["preamble_count"], unaccounted(ledger)) == (len(text.splitlines()), 24, 0)
    assert paid(home, "alipay") == amounts(wanted, "金额") == [Decimal("222228.50")]


@pytest.fixture(scope="module")
def seeds(folder: Path) -> dict[str, str]:
    with tarfile.open(folder / _SEEDS) as archive:
        members = [member for member in archive if member.isfile()]
        return {member.name: archive.extractfile(member).read().decode("utf-8-sig") for member in members}  # type: ignore[union-attr]


def test_every_member_of_the_archive_is_loaded_or_told(loaded: tuple[Home, LoadReport], seeds: dict[str, str]) -> None:
    home, report = loaded
    found = {path.removeprefix(f"{_SEEDS}/"): row["format_name"] for path, row in loads(home).items() if path.startswith(_SEEDS)}
    assert {name: form for name, form in found.items() if form} == _TABLES
    told = {problem.path.removeprefix(f"{_SEEDS}/"): problem for problem in report.refused}
    # a content that lies there twice is one load
    contents = {text for name, text in seeds.items() if name not in _TABLES}
    assert {seeds[name] for name in found if name not in _TABLES} <= contents
    assert all(told[name].kind == "unknown_format" for name in found if name not in _TABLES)
    ledger = loads(home)
    assert sum(row["delivery_count"] for path, row in ledger.items() if path.startswith(_SEEDS) or path == "LICENSE") == len(seeds) + 1


@pytest.mark.parametrize("name", sorted(_TABLES))
def test_rows_of_the_archive_are_accounted_for(loaded: tuple[Home, LoadReport], seeds: dict[str, str], name: str) -> None:
    ledger = loads(loaded[0])[f"{_SEEDS}/{name}"]
    assert ledger["loaded_count"] == sum(1 for row in csv.reader(io.StringIO(seeds[name])) if any(row)) - 1
    assert (ledger["quarantined_count"], ledger["duplicate_count"], unaccounted(ledger)) == (0, 0, 0)


def test_orders_of_the_archive_keep_their_money(loaded: tuple[Home, LoadReport], seeds: dict[str, str]) -> None:
    def read(name: str) -> list[dict[str, str]]:
        return list(csv.DictReader(io.StringIO(seeds[name])))

    plain = [row for row in read("dbt_shopify/shopify_order_data.csv") if row["test"] == "FALSE"]
    newer = [
        row for row in read("dbt_shopify/shopify_gql_order_data.csv") if row["test"] == "FALSE" and row["_fivetran_deleted"] == "FALSE"
    ]
    wanted = sorted(
        [Decimal(row["total_price"]) for row in plain if row["financial_status"] in ("paid", "partially_refunded", "refunded")]
        + [
            Decimal(row["total_price_set_shop_amount"])
            for row in newer
            if row["display_financial_status"] in ("PAID", "PARTIALLY_REFUNDED", "REFUNDED")
        ]
    )
    orders = rows(loaded[0], "channel_orders")
    assert len(orders) == len(plain) + len(newer)
    assert sorted(row["paid_amount"] for row in orders if "paid_amount" in row) == wanted
    assert wanted


def test_people_and_tickets_of_the_archive_meet(loaded: tuple[Home, LoadReport], seeds: dict[str, str]) -> None:
    home, _ = loaded
    users = [
        row
        for name in ("dbt_zendesk/user_data.csv", "dbt_zendesk/user_data_snowflake.csv")
        for row in csv.DictReader(io.StringIO(seeds[name]))
    ]
    people = frame(home, "channel_profiles")
    assert set(people.filter(channel="zendesk")["source_record_key"]) == {
        f"zendesk:{row['id']}" for row in users if row["role"] == "end-user"
    }
    assert frame(home, "channel_tickets").height == len(list(csv.reader(io.StringIO(seeds["dbt_zendesk/ticket_data.csv"])))) - 1
    consents = frame(home, "channel_consents")
    assert set(consents["status"]) == {"granted", "denied"}


def test_loaded_rows_keep_the_promises_of_their_tables(loaded: tuple[Home, LoadReport]) -> None:
    assert broken_promises(loaded[0]) == []
