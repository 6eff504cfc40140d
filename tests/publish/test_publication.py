"""Publishing: whole or not at all, the same bytes for the same inputs, private, and lists that agree with their manifests."""

from __future__ import annotations

import csv
import errno
import hashlib
import json
import shutil
import stat
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config, SegmentsConfig
from pipelines.contracts.errors import CdpError, CheckFailedError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment, Waterfall
from pipelines.publish import PublishReport, publish, verify_publication
from pipelines.publish import analytics as analytics_module
from pipelines.publish import lists as lists_module

DAY = date(2026, 3, 10)
AT = datetime(2026, 1, 1, 20, tzinfo=UTC)
SMS = Segment(
    name="win_back", label={"en": "Win back", "zh": "唤回"}, description="Gone.", where="recency_days > 180",
    columns=("recency_days", "net_amount", "rate", "city", "seen_at"), channel="sms", purpose="marketing", priority=10,
    holdout=Decimal("0.1"), arms={"a": Decimal("0.5"), "b": Decimal("0.5")}, owner="crm", definition_hash="0" * 64,
)  # fmt: skip
EMAIL = replace(SMS, name="thanks", channel="email", columns=("recency_days",))
# customer, phone, email, name, outcome on the sms list
PEOPLE = [
    ("c_2", "+8613800000002", "b@example.com", "=HYPERLINK(1)", "exported"),
    ("c_1", "+8613800000001", "a@example.com", "王芳", "exported"),
    ("c_3", "+8613800000003", None, None, "held_out"),
    ("c_4", "+8613800000004", None, 'No, "quoted"\r\nname', "exported"),
    ("c_5", None, "e@example.com", "E", "unreachable"),
]


def write(home: Home, name: str, part: str, rows: list[dict[str, Any]]) -> None:
    path = home.table(name) / part
    path.parent.mkdir(parents=True, exist_ok=True)
    schema = TABLES[name].schema
    pl.DataFrame({column: [row.get(column) for row in rows] for column in schema}, schema=schema).write_parquet(path)


def decided(home: Home, day: date, people: list[tuple[Any, ...]] = PEOPLE) -> None:
    """What the gate would have stored for the day."""
    sms = [
        {"as_of": day, "segment_name": "win_back", "customer_id": name, "arm": "a" if outcome == "exported" else None, "outcome": outcome}
        for name, _, _, _, outcome in people
    ]
    email = [{"as_of": day, "segment_name": "thanks", "customer_id": "c_5", "outcome": "exported"}]
    write(home, "segment_memberships", f"as_of={day}/part-0.parquet", sms + email)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    home = Home(tmp_path / "home")
    golden = {"first_seen_at": AT, "source_record_count": 1, "channel_count": 1}
    write(home, "golden_customers", "part-0.parquet", [
        golden | {"customer_id": name, "phone_e164": phone, "email": email, "full_name": full_name}
        for name, phone, email, full_name, _ in PEOPLE
    ])  # fmt: skip
    decided(home, DAY)
    build_marts(home)
    return Run(DAY, Config(segments=SegmentsConfig()), home, tmp_path)


def build_marts(home: Home, extra: str = "") -> None:
    home.marts.parent.mkdir(parents=True, exist_ok=True)
    home.marts.unlink(missing_ok=True)
    with duckdb.connect(str(home.marts)) as marts:
        marts.execute("""
            create table mart_marketing__customer_360 (
                customer_id varchar, recency_days integer, net_amount decimal(18, 2), rate double, city varchar, seen_at timestamptz
            )
        """)
        marts.executemany(
            "insert into mart_marketing__customer_360 values (?, 200, ?, 0.0000005, '上海', ?)",
            [[name, Decimal("-1.50") if name == "c_1" else Decimal("1234567.00"), AT] for name, *_ in PEOPLE],
        )
        marts.execute("create table kpi as select 'net_sales' as metric, 1.5 as value")
        marts.execute("create view sales as select * from kpi")
        if extra:
            marts.execute(extra)


def publish_it(run: Run, run_id: str = "r1") -> PublishReport:
    return publish(run, run_id, (SMS, EMAIL), "v1", ["l2", "l1"])


def content(home: Home) -> dict[str, bytes]:
    return {path.relative_to(home.root).as_posix(): path.read_bytes() for path in home.published.rglob("*") if path.is_file()}


def tables(path: Path) -> dict[str, list[tuple[Any, ...]]]:
    with duckdb.connect(str(path), read_only=True) as database:
        names = [name for (name,) in database.execute("select table_name from duckdb_tables()").fetchall()]
        return {name: database.execute(f"select * from {name} order by all").fetchall() for name in names}


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
    assert manifest["files"] == {"list.csv": {"sha256": hashlib.sha256(data).hexdigest(), "byte_count": len(data), "row_count": 3}}
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


@pytest.mark.parametrize("moment", ["copy", "database", "first list", "second list", "rename of lists"])
def test_failure_at_any_moment_leaves_the_old_publication(run: Run, moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_it(run)
    before = content(run.home)
    full = OSError(errno.ENOSPC, "No space left on device", "somewhere")
    calls = {"count": 0}

    def fail(*arguments: Any, **named: Any) -> Any:
        raise full

    def fail_second(*arguments: Any, **named: Any) -> Any:
        calls["count"] += 1
        if calls["count"] == 2:
            raise full
        return original(*arguments, **named)

    original = lists_module._write_list
    if moment == "copy":
        monkeypatch.setattr(shutil, "copyfile", fail)
    elif moment == "database":
        monkeypatch.setattr(analytics_module, "_check", fail)
    elif moment == "first list":
        monkeypatch.setattr(lists_module, "write_json", fail)
    elif moment == "second list":
        monkeypatch.setattr(lists_module, "_write_list", fail_second)
    else:
        monkeypatch.setattr(lists_module, "sync_folder", fail)
    with pytest.raises(CdpError, match=r"No space left on device.*what was published before is unchanged"):
        publish_it(run, "r2")
    assert content(run.home) == before
    assert verify_publication(run.home, record(run)) == []


def test_crash_between_the_two_renames_is_healed_by_running_again(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    publish_it(run)
    real = Path.replace

    def die(self: Path, target: Path) -> Path:
        if Path(target).name == "analytics.duckdb":
            raise KeyboardInterrupt
        return real(self, target)

    monkeypatch.setattr(Path, "replace", die)
    with pytest.raises(KeyboardInterrupt):
        publish_it(run, "r2")
    monkeypatch.undo()
    assert tables(run.home.analytics)["about"][0][1] == "r1"
    publish_it(run, "r2")
    assert tables(run.home.analytics)["about"][0][1] == "r2"
    assert {path.name for path in run.home.published.iterdir()} == {"analytics.duckdb", "segments"}


def test_leftovers_of_a_killed_run_do_no_harm(run: Run) -> None:
    publish_it(run)
    (run.home.published / ".analytics.duckdb.new").write_bytes(b"half")
    (run.home.published / ".analytics.duckdb.new.wal").write_bytes(b"half a log")
    run.home.segments(DAY).rename(run.home.segments(DAY).with_name(f".{DAY}.old"))
    publish_it(run, "r2")
    assert tables(run.home.analytics)["about"][0][1] == "r2"
    assert {path.name for path in run.home.published.iterdir()} == {"analytics.duckdb", "segments"}
    assert {path.name for path in run.home.segments(DAY).parent.iterdir()} == {str(DAY)}


def test_marts_whose_log_is_not_yet_in_the_file_are_published_whole(run: Run) -> None:
    with duckdb.connect(str(run.home.marts)) as writer:
        writer.execute("set checkpoint_threshold = '1GB'")
        writer.execute("pragma disable_checkpoint_on_shutdown")
        writer.execute("create table late as select 1 as one")
    assert run.home.marts.with_name("marts.duckdb.wal").exists()
    publish_it(run)
    assert tables(run.home.analytics)["late"] == [(1,)]
    assert not run.home.published.joinpath(".analytics.duckdb.new.wal").exists()


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
    publish(run, "r1", (SMS, replace(EMAIL, valid_to=DAY - timedelta(days=1))), "v1", [])
    assert [path.name for path in run.home.segments(DAY).iterdir()] == ["win_back"]


def record(run: Run) -> dict[str, Any]:
    """The run record as the job would have written it for what is published now."""
    files = {name: hashlib.sha256(data).hexdigest() for name, data in content(run.home).items()}
    return {"as_of": run.as_of.isoformat(), "files": files}


def test_publication_is_intact_until_a_file_changes(run: Run) -> None:
    report = publish_it(run)
    kept = {"as_of": "2026-03-10", **json.loads(json.dumps(report.as_record()))}
    assert verify_publication(run.home, kept) == []
    assert set(kept["files"]) == set(content(run.home))
    folder = run.home.segments(DAY) / "win_back"
    (folder / "list.csv").write_bytes(b"other")
    (folder / "manifest.json").unlink()
    (folder / "notes.txt").write_text("mine")
    run.home.analytics.unlink()
    assert verify_publication(run.home, kept) == [
        "published/analytics.duckdb is missing",
        "published/segments/2026-03-10/win_back/list.csv was changed",
        "published/segments/2026-03-10/win_back/manifest.json is missing",
        "published/segments/2026-03-10/win_back/notes.txt was added",
    ]


def test_folder_that_cannot_be_written_is_an_error_for_people(run: Run) -> None:
    run.home.published.parent.mkdir(parents=True, exist_ok=True)
    run.home.published.write_text("a file where a folder should be")
    with pytest.raises(CdpError, match="cannot publish"):
        publish_it(run)
