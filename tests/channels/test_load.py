"""Deliveries of every sad kind: what is loaded, what is refused and why, and that no line is lost."""

from __future__ import annotations

import gzip
import json
import os
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from pipelines.channels import load_deliveries, newest_covered_day, visible_loads
from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from tests.channels import samples
from tests.channels.lake import COUNTED, frame, home_with, load, loads, put, rows, unaccounted

GOOD = "2026-03-07/good.csv"


def refusal(folder: Path, name: str, content: bytes | str) -> str:
    """The reason for which a file is refused, beside a good one that loads."""
    home = home_with(folder, {name: content, GOOD: samples.taobao()})
    report = load(home)
    assert [problem.path for problem in report.refused] == [name]
    assert len(report.loads_new) == 1
    assert loads(home)[GOOD]["loaded_count"] == 1
    return report.refused[0].reason


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("empty.csv", b"", "is empty"),
        ("unknown.csv", b"apples,pears\n1,2\n", "follows no contract"),
        ("picture.png", b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "is a picture"),
        ("cut.csv.gz", samples.siss()[:-20], "ends too early or is damaged"),
        ("garbage.gz", b"\x1f\x8bnothing", "ends too early or is damaged"),
        ("garbage.zip", b"PK\x03\x04nothing", "damaged zip"),
        ("garbage.parquet", b"PAR1nothing", "damaged Parquet"),
        ("one line.csv", samples.taobao() + "x" * 20_000_000, "longer than 16 MB"),
        (
            "missing.csv",
            samples.taobao().replace("订单创建时间", "订单创建日期"),
            "lacks the column '订单创建时间', did you mean '订单创建日期'",
        ),
        ("bill.csv", samples.wechat([], []), "ends without its totals"),
    ],
)
def test_file_that_cannot_be_read_is_refused_and_the_others_load(tmp_path: Path, name: str, content: bytes | str, reason: str) -> None:
    told = refusal(tmp_path, name, content)
    assert reason in told
    assert " -> " in told, "every refusal says what to do"


@pytest.mark.parametrize("stated", ["sNaN", "NaN", "Infinity", "13800000001 阿梨", ""])
def test_total_that_is_no_number_refuses_the_bill_and_is_not_told(tmp_path: Path, stated: str) -> None:
    told = refusal(tmp_path, "bill.csv", samples.wechat([], [stated, "0.00", "0.00", "0.00"]))
    assert "states 总交易单数 in words" in told


def test_more_rubbish_than_memory_should_hold_refuses_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.channels.quarantine._MAX_RAW_BYTES", 10_000)
    text = samples.taobao(*({"订单编号": str(number), "订单状态": "不明"} for number in range(200)))
    assert "more than 10000 bytes of records that cannot be used" in refusal(tmp_path, "orders.csv", text)


def test_encoding_that_is_neither_is_refused(tmp_path: Path) -> None:
    rows_ = "".join(f"{number},S{number},0002,SP,1,1,1,1,A,2026-03-05 18:00:00,,caf\xe9 \xff\xff,\n" for number in range(50))
    text = (",".join(samples.SISS_HEADER) + "\n" + "".join("01," + line for line in rows_.splitlines(keepends=True))).encode("latin-1")
    assert "is not text" in refusal(tmp_path, "latin.csv", text)


def test_row_with_a_bad_cell_is_set_aside_whole(tmp_path: Path) -> None:
    text = samples.taobao(
        {"订单编号": "1"},
        {"订单编号": "2", "订单状态": "不明"},
        {"订单编号": "4.51E+18"},
        {"订单编号": "4", "买家实际支付金额": "12.345"},
        {"订单编号": "5", "订单创建时间": "昨天"},
        {"订单编号": ""},
    )
    home = home_with(tmp_path, {GOOD: text})
    report = load(home)
    assert [(problem.kind, problem.row_count) for problem in report.problems] == [("quarantined_rows", 5)]
    told = [(row["column_name"], row.get("value"), row["reason"]) for row in rows(home, "channel_quarantine")]
    assert told == [
        ("订单状态", "不明", "cell is a word that the contract does not know"),
        ("订单编号", "4.51E+18", "cell was turned into a number by a spreadsheet and has lost digits"),
        ("买家实际支付金额", "12.345", "cell has more than 2 decimals"),
        ("订单创建时间", "昨天", "cell is no time as the contract spells it, or one that the clock skipped"),
        ("订单编号", None, "cell is empty"),
    ]
    lines = text.splitlines()
    for row in frame(home, "channel_quarantine").to_dicts():
        assert row["record_raw"] == lines[row["_source_row"] - 1]
    assert [row["order_no"] for row in rows(home, "channel_orders")] == ["1"]
    assert unaccounted(loads(home)[GOOD]) == 0


def test_broken_records_are_set_aside_with_their_lines(tmp_path: Path) -> None:
    header, row = samples.taobao({"宝贝标题 ": "围巾\n红色"}).split("\n", 1)
    text = "\n".join(
        [header, row.rstrip("\n"), "1,2,3", "", row.replace("4512345678901234567", "7\x00").rstrip("\n"), row.rstrip("\n") + ",x"]
    )
    home = home_with(tmp_path, {GOOD: text})
    load(home)
    told = [(row["_source_row"], row["reason"], row["record_raw"]) for row in frame(home, "channel_quarantine").to_dicts()]
    assert [(line, reason) for line, reason, _ in told] == [
        (4, "record has 3 cells where the header has 18"),
        (6, "record holds a NUL byte"),
        (8, "record has 19 cells where the header has 18"),
    ]
    assert told[1][2] == row.replace("4512345678901234567", "7\x00").rstrip("\n"), "a record of two lines is kept whole"
    counts = loads(home)[GOOD]
    assert {name: counts[name] for name in COUNTED} == {
        "header_count": 1,
        "preamble_count": 0,
        "footer_count": 0,
        "blank_count": 1,
        "continuation_count": 3,
        "loaded_count": 1,
        "duplicate_count": 0,
        "quarantined_count": 3,
        "erased_count": 0,
    }


def test_broken_json_lines_are_set_aside(tmp_path: Path) -> None:
    good = {"type": "track", "event": "Order Completed", "messageId": "m1", "userId": "u", "timestamp": "2026-03-05T01:05:00Z"}
    lines = [
        json.dumps(good),
        '{"type": "track", "messageId": ',
        json.dumps(good | {"messageId": "m2", "properties": "none"}),
        "[1, 2]",
        json.dumps(good | {"messageId": "m3", "timestamp": "yesterday"}),
        json.dumps(good | {"messageId": "m4"}),
    ]
    home = home_with(tmp_path, {"2026-03-07/events.jsonl": "\n".join(lines)})
    load(home)
    assert [row["event_key"] for row in rows(home, "channel_events")] == ["segment:m1", "segment:m4"]
    assert [row["_source_row"] for row in frame(home, "channel_events").to_dicts()] == [1, 6]
    quarantined = frame(home, "channel_quarantine").to_dicts()
    assert [(row["_source_row"], row["record_raw"]) for row in quarantined] == [(number, lines[number - 1]) for number in (2, 3, 4, 5)]
    assert unaccounted(loads(home)["2026-03-07/events.jsonl"]) == 0


def test_one_undecodable_byte_costs_one_record(tmp_path: Path) -> None:
    text = samples.taobao(*({"订单编号": str(number), "收货人姓名": "阿梨" * 5} for number in range(60)))
    home = home_with(tmp_path, {GOOD: text.encode().replace("阿".encode(), b"\xe9\x98", 1)})
    load(home)
    assert (loads(home)[GOOD]["loaded_count"], loads(home)[GOOD]["quarantined_count"]) == (59, 1)
    assert "no text in the file's encoding" in rows(home, "channel_quarantine")[0]["reason"]


def test_file_that_is_ascii_for_long_and_then_gbk_is_gbk(tmp_path: Path) -> None:
    plain = [{"flow_id": str(number), "flow_no": f"S{number}"} for number in range(8000)]
    text = samples.table(samples.SISS_HEADER, [*({**samples.SISS_ROW, **row} for row in plain), {**samples.SISS_ROW, "memo": "会员卡丢失"}])
    assert len(text) > 1 << 18
    home = home_with(tmp_path, {"2026-03-07/flow.csv": text.encode("gb18030")})
    assert not load(home).problems
    assert loads(home)["2026-03-07/flow.csv"]["loaded_count"] == 8001


def test_header_without_rows_loads_nothing(tmp_path: Path) -> None:
    home = home_with(tmp_path, {GOOD: samples.taobao().split("\n")[0], "2026-03-07/flow.csv.gz": gzip.compress(b",".join([b"x"]))})
    put(home, "2026-03-07/empty.csv", ",".join(samples.SISS_HEADER) + "\r\n")
    load(home)
    assert (loads(home)[GOOD]["outcome"], loads(home)[GOOD]["loaded_count"], loads(home)[GOOD]["header_count"]) == ("loaded", 0, 1)
    assert loads(home)["2026-03-07/empty.csv"]["line_count"] == 1


def test_every_table_exists_without_any_row(tmp_path: Path) -> None:
    home = home_with(tmp_path, {})
    report = load(home)
    assert (report.files_found, report.loads_new, report.problems) == (0, (), ())
    for table in ("channel_orders", "channel_stock", "channel_quarantine", "channel_loads"):
        assert frame(home, table).height == 0


def test_repeated_record_is_counted_and_loaded_once(tmp_path: Path) -> None:
    """A column that the contract does not read does not make a record another one."""
    text = samples.taobao(
        {"订单编号": "1"}, {"订单编号": "2"}, {"订单编号": "1", "订单备注": "改"}, {"订单编号": "1", "订单状态": "交易关闭"}
    )
    home = home_with(tmp_path, {GOOD: text})
    load(home)
    assert [row["_source_row"] for row in frame(home, "channel_orders").to_dicts()] == [2, 3, 5]
    assert (loads(home)[GOOD]["loaded_count"], loads(home)[GOOD]["duplicate_count"]) == (3, 1)


def test_rounded_ids_of_a_file_are_set_aside(tmp_path: Path) -> None:
    """One id that ends in zeros is chance; when many do, a spreadsheet has rounded them."""
    chance = [{"订单编号": str(4512345678901234500 + 7 * number)} for number in range(1, 100)] + [{"订单编号": "4512345678901230000"}]
    rounded = [{"订单编号": f"45123456789{number:04}0000"} for number in range(10)] + [{"订单编号": "4512345678901234567"}]
    home = home_with(tmp_path, {"2026-03-07/a.csv": samples.taobao(*chance), "2026-03-07/b.csv": samples.taobao(*rounded)})
    load(home)
    assert loads(home)["2026-03-07/a.csv"]["quarantined_count"] == 0
    assert (loads(home)["2026-03-07/b.csv"]["loaded_count"], loads(home)["2026-03-07/b.csv"]["quarantined_count"]) == (1, 10)


def test_same_content_is_one_load_however_often_it_comes(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/b.csv": samples.taobao(), "2026-03-07/a.csv": samples.taobao()})
    load(home)
    put(home, "2026-03-08/again.csv", samples.taobao())
    report = load(home)
    assert report.loads_new == ()
    (row,) = loads(home).values()
    assert (row["file_path"], row["delivery_count"], row["loaded_count"]) == ("2026-03-07/a.csv", 3, 1)
    assert frame(home, "channel_orders").height == 1


def test_second_call_changes_no_byte(tmp_path: Path) -> None:
    home = home_with(tmp_path, {GOOD: samples.taobao(), "x.csv": "apples\n", "2026-03-07/flow.csv.gz": samples.siss()})
    load(home)

    def content() -> dict[str, bytes]:
        return {str(path): path.read_bytes() for path in home.lake.rglob("*") if path.is_file()}

    before = content()
    load(home)
    assert content() == before
    (home.lake / "seen.json").unlink()
    load(home)
    assert content() == before, "the cache of hashes may vanish"


def test_refused_file_is_tried_again_when_contracts_change(tmp_path: Path) -> None:
    home = home_with(tmp_path / "home", {"fruit.csv": "apples,pears\n1,2\n"})
    assert load(home).refused[0].kind == "unknown_format"
    (tmp_path / "formats").mkdir()
    contract = (
        "format: fruit\nchannel: fruit\ntitle: t\ngrain: g\ndetect: [apples, pears]\nfields: {no: {column: apples, required: true}}\n"
        "tables: {channel_stores: {columns: {store_key: no, store_id_channel: no}}}\n"
    )
    (tmp_path / "formats" / "fruit.yaml").write_text(contract)
    report = load(home, formats_folders=[tmp_path / "formats"])
    assert (len(report.loads_new), report.refused) == (1, ())
    assert [row["store_key"] for row in rows(home, "channel_stores")] == ["1"]
    assert loads(home)["fruit.csv"]["delivery_count"] == 1


def test_quarantined_rows_are_read_again_when_their_contract_is_mended(tmp_path: Path) -> None:
    contract = (
        "format: till\nchannel: till\ntitle: t\ngrain: g\ndetect: [no, way]\n"
        "fields:\n  no: {{column: no, required: true}}\n  way: {{column: way, type: vocabulary, values: {words}}}\n"
        "tables: {{channel_stores: {{columns: {{store_key: no, store_id_channel: no, region: way}}}}}}\n"
    )
    home, formats = home_with(tmp_path / "home", {"a.csv": "no,way\n1,A\n2,B\n"}), tmp_path / "formats"
    formats.mkdir()
    (formats / "till.yaml").write_text(contract.format(words="{A: north}"))
    load(home, formats_folders=[formats])
    assert (frame(home, "channel_stores").height, frame(home, "channel_quarantine").height) == (1, 1)
    (formats / "till.yaml").write_text(contract.format(words="{A: north, B: south}"))
    load(home, formats_folders=[formats])
    assert (frame(home, "channel_stores").height, frame(home, "channel_quarantine").height) == (2, 0)


def test_leftovers_of_a_killed_run_are_removed(tmp_path: Path) -> None:
    """Rows without manifest, half a manifest, staging: as if the run had never begun."""
    home = home_with(tmp_path, {GOOD: samples.taobao(), "2026-03-07/flow.csv.gz": samples.siss()})
    load(home)
    whole = {name: frame(home, name).to_dicts() for name in ("channel_orders", "channel_order_lines", "channel_contact_points")}
    load_id = loads(home)[GOOD]["load_id"]
    (home.lake / "loads" / f"{load_id}.json").unlink()
    for table in ("channel_order_lines", "channel_contact_points"):
        part = home.table(table) / f"load={load_id}" / "part-0.parquet"
        part.unlink()
        part.parent.rmdir()
    (home.lake / "staging").mkdir(exist_ok=True)
    (home.lake / "staging" / "left").write_text("x")
    other = next(path for path in (home.lake / "loads").glob("*.json"))
    other.write_bytes(other.read_bytes()[:100])
    assert len(load(home).loads_new) == 2
    assert {name: frame(home, name).to_dicts() for name in whole} == whole
    assert not (home.lake / "staging").exists()


def test_rows_are_traced_to_their_line_of_the_archived_file(tmp_path: Path) -> None:
    text = samples.taobao(
        {"订单编号": "101", "宝贝标题 ": "a\nb"},
        {"订单编号": "102", "订单状态": "不明"},
        {"订单编号": "103"},
        {"订单编号": "104", "宝贝标题 ": '"x"'},
    )
    home = home_with(tmp_path, {GOOD: text.encode("gb18030")})
    load(home)
    (archived,) = (home.lake / "files").iterdir()
    assert archived.name.startswith(loads(home)[GOOD]["sha256"])
    with pa.CompressedInputStream(str(archived), "zstd") as stream:
        content = stream.read()
    assert content == text.encode("gb18030")
    lines = content.decode("gb18030").splitlines()
    found = frame(home, "channel_orders").to_dicts()
    assert [row["order_no"] for row in found] == ["101", "103", "104"]
    assert all(lines[row["_source_row"] - 1].startswith(row["order_no"]) for row in found)


def test_packed_file_is_archived_as_it_is(tmp_path: Path) -> None:
    content = samples.siss()
    home = home_with(tmp_path, {"2026-03-07/flow.csv.gz": content})
    load(home)
    (archived,) = (home.lake / "files").iterdir()
    assert (archived.suffix, archived.read_bytes()) == (".gz", content)


def test_hidden_unfinished_and_true_files_are_no_deliveries(tmp_path: Path) -> None:
    names = [".hidden.csv", "a.csv.part", "b.TMP", "~$c.xlsx", "truth/d.csv", ".folder/e.csv"]
    home = home_with(tmp_path, {name: samples.taobao() for name in names} | {"sub/truth/good.csv": samples.taobao()})
    assert load(home).files_found == 1


def test_name_in_gbk_bytes_is_readable(tmp_path: Path) -> None:
    home = home_with(tmp_path, {})
    with open(os.path.join(os.fsencode(home.deliveries), "订单.csv".encode("gbk")), "wb") as file:  # noqa: PTH118, PTH123 - a name that is no text
        file.write(samples.taobao().encode())
    load(home)
    assert set(loads(home)) == {"订单.csv"}


def test_missing_inbox_is_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no folder of deliveries"):
        load_deliveries(Home(tmp_path), Config())


def test_lake_that_cannot_be_written_is_told_in_words(tmp_path: Path) -> None:
    home = home_with(tmp_path, {GOOD: samples.taobao()})
    home.lake.write_text("a file where the folder should be")
    with pytest.raises(CdpError, match="->"):
        load(home)


def test_full_disk_is_told_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device", "x")

    home = home_with(tmp_path, {GOOD: samples.taobao()})
    monkeypatch.setattr("pipelines.channels.load.archive", full)
    with pytest.raises(CdpError, match="the disk is full"):
        load(home)


def test_days_covered_and_loads_visible(tmp_path: Path) -> None:
    late = {"订单编号": "2", "订单创建时间": "2026-03-09 23:30:00", "订单付款时间 ": ""}
    wrong_clock = {"订单编号": "3", "订单创建时间": "2062-03-09 23:30:00"}
    home = home_with(
        tmp_path, {GOOD: samples.taobao(), "2026-03-09/b.csv": samples.taobao(late), "2026-03-10/c.csv": samples.taobao(wrong_clock, {})}
    )
    load(home)
    assert (loads(home)[GOOD]["covers_from_on"], loads(home)[GOOD]["covers_to_on"]) == (date(2026, 3, 5), date(2026, 3, 5))
    assert loads(home)["2026-03-10/c.csv"]["covers_to_on"] == date(2026, 3, 10), "no fact is newer than its export"
    assert newest_covered_day(home) == date(2026, 3, 10)

    def seen(day: date) -> list[str]:
        ids = visible_loads(home, Run(day, Config(), home, tmp_path))
        return sorted(name for name, row in loads(home).items() if row["load_id"] in ids)

    assert seen(date(2026, 3, 6)) == []
    assert seen(date(2026, 3, 9)) == [GOOD, "2026-03-09/b.csv"]


def test_without_a_day_in_its_name_the_newest_fact_dates_the_export(tmp_path: Path) -> None:
    home = home_with(
        tmp_path, {"orders.csv": samples.taobao(), "customers.csv": samples.table(samples.SHOPIFY_CUSTOMER_HEADER, [{"Customer ID": "1"}])}
    )
    os.utime(home.deliveries / "customers.csv", (1_772_000_000, 1_772_000_000))
    load(home)
    assert loads(home)["orders.csv"]["exported_at"] == datetime(2026, 3, 5, 1, 6, tzinfo=UTC)
    assert loads(home)["customers.csv"]["exported_at"] == datetime.fromtimestamp(1_772_000_000, UTC)


@pytest.mark.parametrize("few_rows", [10_000, 1])
def test_time_of_a_record_that_is_set_aside_dates_no_export(few_rows: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether all records are looked at, or those with the newest time first."""
    monkeypatch.setattr("pipelines.channels.reading._FEW_ROWS", few_rows)
    late = {"订单编号": "1", "订单创建时间": "2026-03-09 09:05:00", "订单付款时间 ": "", "订单状态": "不明"}
    early = {"订单编号": "2", "订单创建时间": "2026-03-04 09:05:00", "订单付款时间 ": ""}
    home = home_with(
        tmp_path, {"late.csv": samples.taobao(late, early), "good.csv": samples.taobao(early, {**late, "订单状态": "交易成功"})}
    )
    load(home)
    assert loads(home)["late.csv"]["exported_at"] == datetime(2026, 3, 4, 1, 5, tzinfo=UTC)
    assert loads(home)["good.csv"]["exported_at"] == datetime(2026, 3, 9, 1, 5, tzinfo=UTC)


def test_messages_hold_no_personal_value(tmp_path: Path) -> None:
    text = samples.taobao({"联系手机": "13800009999", "订单状态": "不明"}) + "陈大文,13800009999\n"
    home = home_with(tmp_path, {GOOD: text, "x.csv": "陈大文,13800009999\n"})
    report = load(home)
    assert all("13800009999" not in problem.reason and "陈大文" not in problem.reason for problem in report.problems)


def test_totals_of_the_report_are_sums_of_the_loads(tmp_path: Path) -> None:
    home = home_with(tmp_path, {GOOD: samples.taobao({"订单编号": "1"}, {"订单编号": "1"})})
    first = load(home)
    put(home, "2026-03-08/b.csv", samples.taobao({"订单编号": "2"}))
    second = load(home)
    assert (first.totals_new["loaded_count"], first.totals_new["duplicate_count"]) == (1, 1)
    assert (second.totals_new["loaded_count"], second.totals_all["loaded_count"], second.totals_all["line_count"]) == (1, 2, 5)


def test_money_is_summed_exactly(tmp_path: Path) -> None:
    lines = [{"flow_id": str(number), "sale_money": "0.10", "sale_qnty": "1"} for number in range(30)]
    home = home_with(tmp_path, {"2026-03-07/flow.csv.gz": samples.siss(*lines)})
    load(home)
    assert rows(home, "channel_orders")[0]["paid_amount"] == Decimal("3.00")


def test_file_that_grows_while_it_is_read_waits_for_the_next_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An upload that is not over: neither half a load nor a refusal that would be remembered."""
    home = home_with(tmp_path, {GOOD: samples.taobao()})
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.channels.load.is_unchanged", lambda file: False)
        report = load(home)
    assert (report.loads_new, [problem.kind for problem in report.refused]) == ((), ["unreadable"])
    assert frame(home, "channel_loads").height == 0
    with monkeypatch.context() as patch:
        patch.setattr("pipelines.channels.staging.is_unchanged", lambda file: False)
        assert "written to while it was read" in load(home).refused[0].reason
    assert len(load(home).loads_new) == 1


def test_file_that_goes_away_is_no_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = home_with(tmp_path, {GOOD: samples.taobao(), "2026-03-08/gone.csv": samples.taobao({"订单编号": "2"})})
    original = __import__("pipelines.channels.reading", fromlist=["inspect"]).inspect

    def vanishing(path: Path, *rest: object) -> object:
        if path.name == "gone.csv":
            path.unlink()
        return original(path, *rest)

    monkeypatch.setattr("pipelines.channels.reading.inspect", vanishing)
    report = load(home)
    assert [(problem.path, "went away" in problem.reason) for problem in report.refused] == [("2026-03-08/gone.csv", True)]
    assert len(report.loads_new) == 1
