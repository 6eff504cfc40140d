"""The whole job on the sample deliveries, as a newcomer runs it."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.home import Home
from pipelines.segments import read_segments
from pipelines.simulate.spec import SAMPLE
from tests.end_to_end.conftest import SAMPLES, content_of_published, query

Cdp = Callable[..., subprocess.CompletedProcess[str]]


def test_every_shipped_sample_file_is_read_by_its_contract(sample_home: Path) -> None:
    loads = pl.read_parquet(sample_home / "lake" / "channel_loads" / "part-0.parquet")
    assert loads.filter(pl.col("outcome") != "loaded")["file_path"].to_list() == []
    assert set(loads["format_name"]) == SAMPLE.formats


def test_lines_of_every_file_are_accounted_for(sample_home: Path) -> None:
    loads = pl.read_parquet(sample_home / "lake" / "channel_loads" / "part-0.parquet")
    parts = ("header", "preamble", "footer", "blank", "continuation", "loaded", "duplicate", "quarantined", "erased")
    off = loads.filter(pl.sum_horizontal(f"{part}_count" for part in parts) != pl.col("line_count"))
    assert off["file_path"].to_list() == []
    assert loads["loaded_count"].sum() > 1000


def test_second_run_is_told_apart_and_changes_nothing(sample_home: Path, cdp: Cdp) -> None:
    before = {path: path.stat().st_mtime_ns for path in sample_home.joinpath("published").rglob("*")}
    finished = cdp("run", "--home", sample_home, "--deliveries", SAMPLES)
    assert finished.returncode == 0, finished.stderr
    assert "nothing new" in finished.stdout
    assert {path: path.stat().st_mtime_ns for path in sample_home.joinpath("published").rglob("*")} == before


def test_forced_run_gives_the_same_content(sample_home: Path, cdp: Cdp) -> None:
    before = content_of_published(sample_home)
    assert cdp("run", "--home", sample_home, "--deliveries", SAMPLES, "--force").returncode == 0
    assert content_of_published(sample_home) == before
    assert len(before) > 20


def test_list_agrees_with_its_manifest_and_is_private(sample_home: Path) -> None:
    folders = sorted(path for path in (sample_home / "published" / "segments").glob("*/*") if path.is_dir())
    assert [folder.name for folder in folders] == [segment.name for segment in read_segments(())]
    for folder in folders:
        manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
        content = (folder / "list.csv").read_bytes()
        rows = list(csv.reader(content.decode("utf-8-sig").splitlines()))
        assert manifest["files"]["list.csv"]["sha256"] == hashlib.sha256(content).hexdigest()
        assert len(rows) - 1 == manifest["waterfall"]["exported"]
        assert stat.S_IMODE((folder / "list.csv").stat().st_mode) == 0o600


def test_some_list_is_not_empty(sample_home: Path) -> None:
    manifests = [json.loads(path.read_text(encoding="utf-8")) for path in (sample_home / "published" / "segments").rglob("manifest.json")]
    assert sum(manifest["waterfall"]["exported"] for manifest in manifests) > 10


def test_every_record_of_the_truth_is_somebody(sample_home: Path) -> None:
    """Each source record that the simulator delivered belongs to exactly one customer."""
    truth = pl.read_parquet(SAMPLES / "truth" / "source_records.parquet")
    current = pl.read_parquet(sample_home / "lake" / "identity_current" / "part-0.parquet")
    assert current["source_record_key"].is_unique().all()
    assert truth.join(current, on="source_record_key", how="anti").height == 0


def test_total_of_kpis_is_the_sum_of_purchases(sample_home: Path) -> None:
    [[kpi]] = query(sample_home, "select sum(value) from kpi where metric = 'net_sales' and period_grain = 'month' and dimension = 'all'")
    [[facts]] = query(sample_home, "select sum(net_amount) from fct_orders where is_purchase")
    assert kpi == facts


def test_published_database_holds_no_contact_in_clear(sample_home: Path) -> None:
    golden = pl.read_parquet(sample_home / "lake" / "golden_customers" / "part-0.parquet")
    secrets = {value for name in ("phone_e164", "email", "full_name", "address") for value in golden[name].drop_nulls().to_list()}
    assert len(secrets) > 100
    columns = query(
        sample_home,
        "select table_name, column_name from duckdb_columns() where data_type = 'VARCHAR' and not internal",
    )
    with duckdb.connect(str(Home(sample_home).analytics), read_only=True) as connection:
        for table, column in columns:
            found = connection.execute(f'select distinct "{column}" from "{table}" where "{column}" is not null').fetchall()
            assert secrets.isdisjoint(value for (value,) in found), f"{table}.{column} shows a contact or a name"


def test_report_shows_nobody_and_the_figures_of_the_database(sample_home: Path) -> None:
    golden = pl.read_parquet(sample_home / "lake" / "golden_customers" / "part-0.parquet")
    names = ("customer_id", "phone_e164", "email", "full_name", "address")
    secrets = {value for name in names for value in golden[name].drop_nulls().to_list() if len(value) > 1}
    [(as_of,)] = query(sample_home, "select as_of from about")
    months = "select value from kpi where metric = 'net_sales' and period_grain = 'month' and dimension = 'all' order by period_start desc"
    (sales,) = query(sample_home, months)[0]
    for page in ("index.html", "index.zh.html"):
        text = (sample_home / "published" / "reports" / str(as_of) / page).read_text(encoding="utf-8")
        assert f"{sales:,.2f} CNY" in text
        assert not {value for value in secrets if value in text}
