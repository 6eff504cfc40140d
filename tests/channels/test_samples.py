"""The simulated deliveries that the project ships: every row that was written is read, and can be found again."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines.channels import load_deliveries
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from tests.channels.lake import frame, loads, unaccounted

SAMPLES = Path(__file__).resolve().parents[2] / "data" / "samples"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    if not (SAMPLES / "truth" / "summary.json").exists():
        pytest.skip("no sample deliveries in data/samples")
    home = Home(tmp_path_factory.mktemp("samples"), SAMPLES)
    assert load_deliveries(home, Config()).refused == ()
    return home


def test_every_written_row_is_read(home: Home) -> None:
    written = json.loads((SAMPLES / "truth" / "summary.json").read_text())["rows"]
    counts = pl.sum_horizontal("loaded_count", "duplicate_count", "quarantined_count")
    read = frame(home, "channel_loads").group_by("format_name").agg(counts.sum())
    assert dict(read.rows()) == written
    assert frame(home, "channel_loads")["quarantined_count"].sum() == 0


def test_every_line_is_accounted_for(home: Home) -> None:
    assert {name: unaccounted(row) for name, row in loads(home).items() if unaccounted(row)} == {}


def test_tables_keep_their_contract(home: Home) -> None:
    for table in CANONICAL_TABLES:
        rows = frame(home, table.name)
        assert rows.select(pl.col(TABLES[table.name].required).null_count()).sum_horizontal().sum() == 0
        assert rows.select(table.key).is_duplicated().sum() == 0, table.name


def test_each_row_stands_in_its_line(home: Home) -> None:
    """The line of the delivered file that a row names holds the row's number."""
    orders = frame(home, "channel_orders")
    by_load = {row["load_id"]: row for row in loads(home).values()}
    checked = 0
    for (load_id,), rows in orders.group_by("_load_id"):
        load = by_load[str(load_id)]
        content = (SAMPLES / load["file_path"]).read_bytes()
        text = gzip.decompress(content) if load["file_path"].endswith(".gz") else content
        lines = text.decode("gb18030" if load["format_name"] in ("taobao_order_v1", "siss_saleflow") else "utf-8-sig").split("\n")
        for order_no, line in rows.select("order_no", "_source_row").rows():
            assert order_no in lines[line - 1]
            checked += 1
    assert checked == orders.height > 3000


def test_records_are_known_by_their_true_keys(home: Home) -> None:
    truth = pl.read_parquet(SAMPLES / "truth" / "source_records.parquet")["source_record_key"]
    naming = [table.name for table in CANONICAL_TABLES if "source_record_key" in table.column_names]
    told = pl.concat([frame(home, name)["source_record_key"] for name in naming])
    assert set(told.drop_nulls()) == set(truth)
