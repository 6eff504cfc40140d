"""`cdp quarantine`: what was set aside, without showing anybody, and reading it again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from assets.resources import only_run
from pipelines.contracts.home import Home
from tests.assets.cli.command import cdp
from tests.channels import samples
from tests.channels.lake import home_with, load, loads, put, rows

CONTRACT = (
    "format: till\nchannel: till\ntitle: t\ngrain: g\ndetect: [no, way, phone]\n"
    "fields:\n  no: {{column: no, required: true}}\n  way: {{column: way, type: vocabulary, values: {words}}}\n"
    "  phone: {{column: phone, type: integer}}\n  price: {{column: price, type: amount, optional: true}}\n"
    "tables: {{channel_stores: {{columns: {{store_key: no, store_id_channel: no, region: way}}}}}}\n"
)
TILL = "no,way,phone,price\n1,A,1,1\n2,B,1,1\n3,B,1,1\n4,A,13800000001x,1\n5,A,1,12.345\n6,A\n"
BAD = "2026-03-07/orders.csv"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """Two files with rows in quarantine and one that was refused; the inbox is empty by now."""
    (tmp_path / "formats").mkdir()
    (tmp_path / "formats" / "till.yaml").write_text(CONTRACT.format(words="{A: north}"))
    orders = samples.taobao({"订单编号": "1"}, {"订单编号": "2", "订单状态": "李小明"}, {"订单编号": "4.51E+18"})
    home = home_with(tmp_path / "home", {"till.csv": TILL, BAD: orders, "fruit.csv": "apples,pears\n1,2\n"})
    (home.root / "cdp.yaml").write_text(f"channels: {{formats_folders: [{tmp_path / 'formats'}]}}\n")
    load(home, formats_folders=[tmp_path / "formats"])
    for name in loads(home):
        (home.deliveries / name).unlink()
    return home


def mend(home: Home) -> None:
    (home.root.parent / "formats" / "till.yaml").write_text(CONTRACT.format(words="{A: north, B: south}"))


def test_list_counts_by_file_column_and_reason(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    code, out, _ = cdp(capsys, monkeypatch, "quarantine", "list", "--home", home.root)
    assert code == 0
    lines = [" ".join(line.split()) for line in out.splitlines()]
    assert f"{loads(home)['till.csv']['load_id']} till.csv (till)" in lines
    assert "2 way: cell is a word that the contract does not know" in lines
    assert "1 whole record: record has 2 cells where the header has 4" in lines
    assert [line for line in lines if line.startswith("refused the file follows no contract")]
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "list", "--home", home.root, "--format", "taobao_order_v1", "--json")
    found = json.loads(out)
    assert [(row["column_name"], row["row_count"]) for row in found["reasons"]] == [("订单状态", 1), ("订单编号", 1)]
    assert found["refused_files"] == []


def test_show_masks_values_unless_they_are_asked_for(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name in a column of words, a phone in a column of numbers: exports shift."""
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "show", "--home", home.root)
    assert "line 3  订单状态: cell is a word that the contract does not know  李***" in out
    assert "12.345" in out, "numbers of columns without people are shown"
    assert [secret for secret in ("李小明", "13800000001", "梨𠮷", "ali@example.com") if secret in out] == []
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "show", "--home", home.root, BAD, "--reveal", "--json")
    first = json.loads(out)[0]
    assert (first["line"], first["value"]) == (3, "李小明")
    assert "梨𠮷" in first["record"]


@pytest.mark.parametrize("which", ["till.csv", "id", "beginning of the id"])
def test_show_of_one_load(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, which: str) -> None:
    load_id = loads(home)["till.csv"]["load_id"]
    name = {"id": load_id, "beginning of the id": load_id[:6]}.get(which, which)
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "show", "--home", home.root, name, "--limit", "2", "--json")
    assert [(row["file_path"], row["line"], row["record"]) for row in json.loads(out)] == [("till.csv", 3, None), ("till.csv", 4, None)]


def test_end_of_a_path_names_a_load_and_two_are_told(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "show", "--home", home.root, "orders.csv", "--json")
    assert {row["file_path"] for row in json.loads(out)} == {BAD}
    put(home, "2026-03-08/orders.csv", samples.taobao())
    load(home, formats_folders=[home.root.parent / "formats"])
    code, _, err = cdp(capsys, monkeypatch, "quarantine", "show", "--home", home.root, "orders.csv")
    assert (code, "names 2 loads" in err) == (2, True)


@pytest.mark.parametrize("choice", [("--format", "till"), ("--load", "till.csv"), ("--all",)])
def test_reload_reads_what_a_mended_contract_can_read(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, choice: tuple[str, ...]
) -> None:
    mend(home)
    code, out, _ = cdp(capsys, monkeypatch, "quarantine", "reload", "--home", home.root, *choice, "--json")
    told = {row["file_path"]: row for row in json.loads(out)}
    assert code == 0
    assert (told["till.csv"]["quarantined_before"], told["till.csv"]["quarantined"], told["till.csv"]["loaded"]) == (5, 3, 3)
    assert set(told) == ({"till.csv", BAD, "fruit.csv"} if choice == ("--all",) else {"till.csv"})
    assert [row.get("region") for row in rows(home, "channel_stores")] == ["north", "south", "south"]


def test_reload_of_complete_loads_is_a_command_of_its_own(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "whole.csv", "no,way,phone\n9,A,1\n")
    folder = home.root.parent / "formats"
    load(home, formats_folders=[folder])
    (folder / "till.yaml").write_text(CONTRACT.format(words="{A: east}"))
    _, out, _ = cdp(capsys, monkeypatch, "status", "--home", home.root)
    assert "till changed since 1 of its files were read: `cdp channels reload --format till`" in out
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "reload", "--home", home.root, "--format", "till", "--json")
    assert [row["file_path"] for row in json.loads(out)] == ["till.csv"]
    _, out, _ = cdp(capsys, monkeypatch, "channels", "reload", "--home", home.root, "--format", "till")
    assert "whole.csv" in out
    assert {row.get("region") for row in rows(home, "channel_stores")} == {"east"}
    _, out, _ = cdp(capsys, monkeypatch, "status", "--home", home.root, "--json")
    assert json.loads(out)["outdated_formats"] == {}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["quarantine", "reload"], "say which loads -> give exactly one of --load, --format and --all"),
        (["quarantine", "reload", "--all", "--format", "till"], "say which loads"),
        (["quarantine", "reload", "--format", "tills"], "no load has this format"),
        (["quarantine", "reload", "--load", "nothing"], "no load has this id or path"),
        (["quarantine", "show", "nothing"], "no load has this id or path"),
    ],
)
def test_wrong_use_is_exit_code_2(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    code, out, err = cdp(capsys, monkeypatch, *words, "--home", home.root)
    assert (code, out, told in err) == (2, "", True), err


def test_archive_that_could_not_be_taken_apart_is_not_read_again(
    home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    put(home, "broken.zip", b"PK\x03\x04nothing")
    load(home, formats_folders=[home.root.parent / "formats"])
    code, _, err = cdp(capsys, monkeypatch, "quarantine", "reload", "--home", home.root, "--load", "broken.zip")
    assert (code, "deliver it again" in err) == (2, True)
    _, out, _ = cdp(capsys, monkeypatch, "quarantine", "reload", "--home", home.root, "--all", "--json")
    assert "broken.zip" not in out
    assert "damaged zip" in loads(home)["broken.zip"]["reason"]


def test_reload_waits_for_no_run(home: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    with only_run(home):
        code, _, err = cdp(capsys, monkeypatch, "quarantine", "reload", "--home", home.root, "--all")
    assert (code, "another run is at work here" in err) == (4, True)


def test_empty_installation_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    told: dict[str, Any] = {"list": "nothing is set aside\n", "show": "no row is in quarantine\n"}
    for word, line in told.items():
        assert cdp(capsys, monkeypatch, "quarantine", word, "--home", tmp_path) == (0, line, "")
