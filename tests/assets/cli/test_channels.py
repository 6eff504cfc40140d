"""`cdp channels`: what is known, how a file would be read, a first contract."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.channels import SHIPPED
from tests.assets.cli.command import cdp
from tests.channels import samples


def delivered(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_list_names_every_contract_and_where_it_is_from(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    delivered(tmp_path, "formats/own_stock.yaml", "extends: generic_stock\nformat: own_stock\ndetect: [a, b]\n")
    delivered(tmp_path, "cdp.yaml", "channels: {formats_folders: [formats]}\n")
    _, out, _ = cdp(capsys, monkeypatch, "channels", "list", "--home", tmp_path, "--json")
    found = {row["format"]: row for row in json.loads(out)}
    assert found.keys() == {path.stem for path in SHIPPED.glob("*.yaml")} | {"own_stock"}
    assert (found["own_stock"]["origin"], found["taobao_order_v1"]["origin"]) == ("own", "shipped")
    assert found["own_stock"]["tables"] == ["channel_stock"]
    _, out, _ = cdp(capsys, monkeypatch, "channels", "list", "--home", tmp_path)
    assert out.count("\n") == 2 * len(found)


def test_check_of_a_file_that_loads(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    text = samples.taobao({"订单编号": "1"}, {"订单编号": "2", "订单状态": "不明"})
    path = delivered(tmp_path, "2026-03-07/orders.csv", text.encode("gb18030"))
    code, out, _ = cdp(capsys, monkeypatch, "channels", "check", path, "--home", tmp_path)
    assert code == 0
    assert "delimited by comma, gb18030" in out
    assert "format      taobao_order_v1" in out
    assert "lines       3 = 1 header + 0 preamble + 0 footer + 0 blank + 0 continuation + 1 loaded + 0 duplicate + 1 quarantined" in out
    assert "exported    2026-03-07T15:59:59.999999+00:00" in out
    assert "联系手机 -> channel_contact_points.value_raw" in out
    assert "line 3, 订单状态: 不***" in out
    assert [secret for secret in ("13800000001", "阿梨的小店", "ali@example.com", "梨𠮷", "文三路") if secret in out] == []
    assert not (tmp_path / "lake").exists(), "nothing was loaded"


def test_check_of_a_file_that_nobody_knows_names_the_nearest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = delivered(tmp_path, "stock.csv", "product_id,counted_at,quantity,bin\np,2026-03-01,1,x\n")
    code, out, _ = cdp(capsys, monkeypatch, "channels", "check", path, "--home", tmp_path, "--json")
    (found,) = json.loads(out)
    assert (code, found["outcome"], found["format_name"]) == (3, "refused", None)
    near = found["nearest"][0]
    assert (near["format_name"], near["missing"]) == ("generic_stock", [["counted_on", "counted_at"]])
    assert near["unknown"] == ["counted_at", "bin"]
    _, out, _ = cdp(capsys, monkeypatch, "channels", "check", path, "--home", tmp_path)
    assert "lacks 'counted_on', closest 'counted_at'" in out
    assert "cdp channels new" in out


def test_draft_is_written_and_then_read(tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    path = delivered(tmp_path, "till.csv", "receipt,sold at,total\n" + "".join(f"R{n},2026-03-05 10:00:0{n},{n}.50\n" for n in range(9)))
    out_path = tmp_path / "own" / "corner_till.yaml"
    code, out, err = cdp(capsys, monkeypatch, "channels", "new", path, "--out", out_path, "--home", tmp_path)
    assert (code, "cdp channels check" in out) == (0, True), err
    assert out_path.read_text().count("decide") > 5
    code, out, _ = cdp(capsys, monkeypatch, "channels", "check", path, "--formats", tmp_path / "own", "--home", tmp_path, "--json")
    assert (code, json.loads(out)[0]["format_name"], json.loads(out)[0]["counts"]["loaded_count"]) == (0, "corner_till", 9)
    code, _, err = cdp(capsys, monkeypatch, "channels", "new", path, "--out", out_path, "--home", tmp_path)
    assert (code, "exists already" in err) == (2, True)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["check", "missing.csv"], "no such file"),
        (["check", "a.csv.part"], "a run leaves it out"),
        (["check", "a.csv", "--formats", "missing"], "no such folder of formats"),
        (["new", "missing.csv"], "no such file"),
        (["new", "a.csv", "--out", "Till.yaml"], "is no name"),
        (["new", "a.csv", "--out", "till.yaml", "--name", "shop"], "a contract named shop stands in shop.yaml"),
        (["reload"], "say which loads"),
    ],
)
def test_wrong_use_is_exit_code_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, words: list[str], told: str
) -> None:
    for name in ("a.csv", "a.csv.part"):
        delivered(tmp_path, name, "a,b\n1,2\n")
    monkeypatch.chdir(tmp_path)
    code, out, err = cdp(capsys, monkeypatch, "channels", *words, "--home", tmp_path)
    assert (code, out, told in err) == (2, "", True), err
