"""What a check says is what a run does: same counts, same format, for every container; and it shows nobody."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from pipelines.channels import check_file
from pipelines.channels.checking import FileCheck
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.tables import Personal
from tests.channels import archives, samples
from tests.channels.lake import home_with, load, loads

ROOT = Path(__file__).resolve().parents[2]
NEWEST = sorted((ROOT / "data" / "samples" / "2026-10-31").iterdir())
ZENDESK = {"tickets": [{"id": 1, "created_at": "2026-03-01T00:00:00Z", "updated_at": "2026-03-01T00:00:00Z", "status": "open"}]}
STOCK = "product_id,store,counted_on,quantity,bin\np1,1,2026-03-01,1,x\np2,1,2026-03-01,much,x\n"


def checks(folder: Path, name: str, content: bytes | str, **channels: Any) -> list[FileCheck]:
    path = folder / "2026-03-07" / name
    path.parent.mkdir()
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return check_file(path, Config.model_validate({"channels": channels}))


@pytest.mark.parametrize("path", NEWEST, ids=lambda path: path.name)
def test_check_counts_what_a_run_counts(tmp_path: Path, path: Path) -> None:
    home = home_with(tmp_path, {f"2026-10-31/{path.name}": path.read_bytes()})
    load(home)
    (row,) = loads(home).values()
    (check,) = check_file(path, Config())
    assert check.counts == {name: row[name] for name in check.counts}
    assert (check.outcome, check.format_name) == (row["outcome"], row["format_name"])
    assert check.exported_at == row["exported_at"].isoformat()
    assert len(check.dropped) == row["dropped_column_count"]


@pytest.mark.parametrize(
    ("name", "content", "container", "encoding"),
    [
        ("a.csv", STOCK, "delimited by comma", "utf-8"),
        ("a.csv", b"\xef\xbb\xbf" + STOCK.encode(), "delimited by comma", "utf-8"),
        ("a.csv.gz", gzip.compress(STOCK.encode()), "gzip, delimited by comma", "utf-8"),
        ("a.xlsx", archives.workbook(Sheet1=[line.split(",") for line in STOCK.split()]), "Excel workbook, delimited by comma", "utf-8"),
        ("a.zip", archives.zipped({"in/a.csv": STOCK}), "delimited by comma", "utf-8"),
    ],
    ids=["plain", "marked", "gzip", "xlsx", "zip"],
)
def test_containers(tmp_path: Path, name: str, content: bytes | str, container: str, encoding: str) -> None:
    (check,) = checks(tmp_path, name, content)
    assert (check.container, check.encoding, check.format_name) == (container, encoding, "generic_stock")
    assert [(column.header, column.canonical) for column in check.mapped] == [
        ("product_id", ("channel_stock.stock_key", "channel_stock.product_id_channel")),
        ("store", ("channel_stock.stock_key", "channel_stock.store_id_channel")),
        ("counted_on", ("channel_stock.stock_key", "channel_stock.counted_on")),
        ("quantity", ("channel_stock.quantity",)),
    ]
    assert check.dropped == ("bin",)
    assert [(row.line, row.column_name, row.value) for row in check.examples] == [(3, "quantity", "m***")]
    assert check.preview is not None
    assert check.preview["channel_stock"] == [
        {
            "channel": "stock",
            "stock_key": "stock:1/p1/2026-03-01",
            "store_id_channel": "1",
            "product_id_channel": "p1",
            "counted_on": "2026-03-01",
            "quantity": "1.000",
        }
    ]


def test_parquet(tmp_path: Path) -> None:
    frame = pl.DataFrame(
        {"household_id": ["1"], "age": ["19-24"], "income": ["Under 15K"], "home_ownership": [None], "marital_status": [None]}
    )
    frame = frame.with_columns(household_size=pl.lit("1"), household_comp=pl.lit("x"), kids_count=pl.lit("0"))
    frame.write_parquet(tmp_path / "demographics.parquet")
    (check,) = check_file(tmp_path / "demographics.parquet", Config())
    assert (check.container, check.encoding, check.format_name) == ("parquet", None, "complete_journey_demographics"), check.reason
    assert set(check.dropped) == {"home_ownership", "marital_status", "household_comp", "kids_count"}


def test_every_member_of_an_archive_is_checked(tmp_path: Path) -> None:
    content = archives.zipped({"a.csv": STOCK, "b.csv": samples.taobao(), "read me.txt": "hello"})
    found = checks(tmp_path, "all.zip", content)
    assert [(check.file_path, check.format_name) for check in found] == [
        ("all.zip/a.csv", "generic_stock"),
        ("all.zip/b.csv", "taobao_order_v1"),
        ("all.zip/read me.txt", None),
    ]


def test_json_document(tmp_path: Path) -> None:
    event = {
        "type": "track",
        "event": "e",
        "messageId": "m",
        "anonymousId": "a",
        "timestamp": "2026-03-01T00:00:00Z",
        "properties": {"z": 1},
    }
    (check,) = checks(tmp_path, "events.jsonl", json.dumps({**event, "secret": 1}) + "\n")
    assert (check.container, check.format_name) == ("json lines", "segment_track")
    assert "secret" in check.dropped


def test_file_over_a_limit_waits(tmp_path: Path) -> None:
    (check,) = checks(tmp_path, "a.zip", archives.zipped({"a.csv": STOCK}), max_unpacked_bytes=10)
    assert (check.outcome, check.file_path) == ("waits", "a.zip")
    assert "max_unpacked_bytes" in (check.reason or "")


def test_refused_file_says_which_columns_lack(tmp_path: Path) -> None:
    (check,) = checks(tmp_path, "a.csv", samples.taobao().replace("订单创建时间", "订单创建日期"))
    assert "lacks the column '订单创建时间', did you mean '订单创建日期'" in (check.reason or "")
    near = check.nearest[0]
    assert (near.format_name, near.share, near.missing) == ("taobao_order_v1", 1.0, (("订单创建时间", "订单创建日期"),))


def test_totals_that_differ_are_told(tmp_path: Path) -> None:
    row = {"交易时间": "2026-03-05 09:06:00", "微信订单号": "42", "交易状态": "SUCCESS", "货币种类": "CNY", "应结订单金额": "1.00"}
    row |= {"用户标识": "o", "订单金额": "1.00", "手续费": "0.00000", "退款金额": "0.00"}
    text = samples.wechat([row], ["1", "2.00", "0.00", "0.00000"])
    (check,) = checks(tmp_path, "bill.csv", text)
    assert (check.outcome, "its rows give 1.00" in (check.reason or "")) == ("refused", True)
    (tmp_path / "warn").mkdir()
    (check,) = checks(tmp_path / "warn", "bill.csv", text, totals_differ="warn")
    assert (check.outcome, check.totals, "its rows give 1.00" in (check.warning or "")) == ("loaded", "differ", True)


@pytest.mark.parametrize("path", NEWEST, ids=lambda path: path.name)
def test_preview_masks_every_personal_column(path: Path) -> None:
    (check,) = check_file(path, Config(), preview_rows=50)
    assert check.preview
    for table, rows in check.preview.items():
        personal = [column.name for column in TABLES[table].columns if column.personal is not Personal.NONE]
        shown = [row[name] for row in rows for name in personal if row.get(name) is not None]
        assert [value for value in shown if "***" not in (value or "")] == []


@pytest.mark.parametrize("name", [".hidden.csv", "a.csv.part", "~$book.xlsx"])
def test_name_that_a_run_leaves_out_is_told(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_text(STOCK)
    with pytest.raises(ConfigurationError, match="a run leaves it out"):
        check_file(tmp_path / name, Config())


def test_folder_of_the_simulator_hides_nothing_here(tmp_path: Path) -> None:
    (tmp_path / "truth").mkdir()
    (tmp_path / "truth" / "a.csv").write_text(STOCK)
    assert [check.outcome for check in check_file(tmp_path / "truth" / "a.csv", Config())] == ["loaded"]
