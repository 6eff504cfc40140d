"""What is published: lists that agree with their manifests, private, repeatable, and a database that tells what it is."""

from __future__ import annotations

import csv
import hashlib
import json
import stat
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError, CheckFailedError
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Definitions, Waterfall
from pipelines.contracts.settings.activation import SegmentsConfig
from pipelines.publish import publish
from tests.publish.shop import DAY, EMAIL, PEOPLE, SMS, build_marts, content, decided, made, publish_it, tables, write_page


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return made(tmp_path)


def list_rows(run: Run, name: str = "win_back") -> list[list[str]]:
    text = (run.home.segments(run.as_of) / name / "list.csv").read_bytes().decode("utf-8-sig")
    return list(csv.reader(text.splitlines(keepends=True)))


def test_list_holds_the_exported_sorted_and_with_what_the_channel_needs(run: Run) -> None:
    publish_it(run)
    assert list_rows(run) == [
        ["customer_id", "phone", "name", "arm", "recency_days", "net_amount", "rate", "city", "seen_at"],
        ["c_1", "'+8613800000001", "王芳", "a", "200", "'-1.50", "0.000001", "上海", "2026-01-02 04:00:00"],
        ["c_2", "'+8613800000002", "'=HYPERLINK(1)", "a", "200", "1234567.00", "0.000001", "上海", "2026-01-02 04:00:00"],
        ["c_4", "'+8613800000004", 'No, "quoted"\r\nname', "a", "200", "1234567.00", "0.000001", "上海", "2026-01-02 04:00:00"],
    ]
    assert list_rows(run, "thanks") == [["customer_id", "email", "name", "arm", "recency_days"], ["c_5", "e@example.com", "E", "", "200"]]


def test_list_is_utf8_with_bom_and_crlf_and_comes_back_through_polars(run: Run) -> None:
    publish_it(run)
    path = run.home.segments(DAY) / "thanks" / "list.csv"
    assert path.read_bytes() == b'\xef\xbb\xbf"customer_id","email","name","arm","recency_days"\r\n"c_5","e@example.com","E","","200"\r\n'
    assert pl.read_csv(run.home.segments(DAY) / "win_back" / "list.csv", infer_schema=False)["phone"].to_list() == [
        "'+8613800000001",
        "'+8613800000002",
        "'+8613800000004",
    ]


def test_headers_are_chinese_where_the_configuration_says_so(run: Run) -> None:
    publish_it(replace(run, config=Config(segments=SegmentsConfig(header_language="zh"))))
    assert list_rows(run)[0] == ["客户编号", "手机号", "姓名", "实验组", "距最近购买天数", "net_amount", "rate", "城市", "seen_at"]


def test_manifest_is_enough_to_check_and_rebuild_the_list(run: Run) -> None:
    report = publish_it(run)
    folder = run.home.segments(DAY) / "win_back"
    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    data = (folder / "list.csv").read_bytes()
    assert manifest["files"]["list.csv"] == {"sha256": hashlib.sha256(data).hexdigest(), "byte_count": len(data), "row_count": 3}
    assert (
        set(manifest["files"]) == {path.name for path in folder.iterdir()} - {"manifest.json"} == {"list.csv", "added.csv", "removed.csv"}
    )
    assert manifest["waterfall"]["exported"] == 3
    assert report.waterfalls["win_back"] == Waterfall(5, 4, 4, 4, 4, 4, 3, 3)
    assert manifest["segment"] == json.loads(json.dumps(SMS.as_record()))
    assert [manifest[name] for name in ("as_of", "run_id", "code_version", "loads")] == ["2026-03-10", "r1", "v1", ["l1", "l2"]]
    assert manifest["columns"][1] == {"name": "phone", "label": "phone"}


def test_lists_are_private(run: Run) -> None:
    publish_it(run)
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in run.home.segments(DAY).parent.rglob("*")}
    assert {mode for path, mode in modes.items() if path.is_file()} == {0o600}
    assert {mode for path, mode in modes.items() if path.is_dir()} == {0o700}
    assert stat.S_IMODE(run.home.segments(DAY).parent.stat().st_mode) == 0o700


def test_same_inputs_give_the_same_lists_and_rows(run: Run) -> None:
    publish_it(run)
    lists = {name: data for name, data in content(run.home).items() if "/segments/" in name}
    rows = tables(run.home.analytics)
    publish_it(run)
    assert {name: data for name, data in content(run.home).items() if "/segments/" in name} == lists
    assert tables(run.home.analytics) == rows


def test_database_holds_marts_memberships_and_what_it_is_about(run: Run) -> None:
    decided(run.home, DAY - timedelta(days=1))
    decided(run.home, DAY + timedelta(days=1))
    publish_it(run)
    found = tables(run.home.analytics)
    assert found["about"] == [(DAY, "r1", "v1", ["l1", "l2"])]
    assert found["kpi"] == [("net_sales", Decimal("1.5"))]
    outcomes = [(row[0], row[4]) for row in found["segment_memberships"] if row[1] == "win_back"]
    assert (DAY, "unreachable") in outcomes
    assert (DAY - timedelta(days=1), "held_out") in outcomes
    assert (DAY - timedelta(days=1), "unreachable") not in outcomes
    assert not any(day > DAY for day, _ in outcomes)
    with duckdb.connect(str(run.home.analytics), read_only=True) as database:
        assert database.execute("select count(*) from sales").fetchall() == [(1,)]
        silent = database.execute(
            "select column_name from duckdb_columns() where table_name in ('about', 'segment_memberships') and comment is null"
        )
        assert silent.fetchall() == []
    with duckdb.connect(str(run.home.marts), read_only=True) as marts:
        assert marts.execute("select count(*) from duckdb_tables() where table_name = 'about'").fetchall() == [(0,)]


def test_reader_of_the_old_database_keeps_it(run: Run) -> None:
    publish_it(run)
    with duckdb.connect(str(run.home.analytics), read_only=True) as reader, run.home.analytics.open("rb") as old:
        publish_it(run, "r2")
        assert reader.execute("select run_id from about").fetchall() == [("r1",)]
        assert old.read(16)
    assert tables(run.home.analytics)["about"][0][1] == "r2"


def test_older_day_goes_to_history_and_the_newest_database_stays(run: Run) -> None:
    publish_it(run)
    newest = run.home.analytics.read_bytes()
    earlier = replace(run, as_of=DAY - timedelta(days=3))
    decided(run.home, earlier.as_of)
    report = publish_it(earlier, "r0")
    assert (report.is_newest, report.analytics) == (False, "published/history/2026-03-07/analytics.duckdb")
    assert run.home.analytics.read_bytes() == newest
    assert tables(run.home.root / report.analytics)["about"][0][:2] == (earlier.as_of, "r0")
    assert (run.home.segments(earlier.as_of) / "win_back" / "list.csv").exists()
    assert publish_it(run).is_newest


def test_marts_that_show_a_person_are_not_published(run: Run) -> None:
    build_marts(run.home, "create table leak as select '+8613800000001' as phone_e164")
    with pytest.raises(CheckFailedError, match=r"personal data in leak\.phone_e164"):
        publish_it(run)
    assert not run.home.analytics.exists()
    assert not run.home.segments(DAY).exists()


def test_memberships_of_another_run_are_not_published(run: Run) -> None:
    decided(run.home, DAY, [*PEOPLE, ("c_9", None, None, None, "exported")])
    with pytest.raises(CdpError, match="the gate exported 4 customers, 3 are found"):
        publish_it(run)
    assert not run.home.published.joinpath("analytics.duckdb").exists()


def test_segment_outside_its_dates_gets_no_folder(run: Run) -> None:
    publish(run, "r1", Definitions((SMS, replace(EMAIL, valid_to=DAY - timedelta(days=1)))), "v1", [], write_page)
    assert [path.name for path in run.home.segments(DAY).iterdir()] == ["win_back"]
