"""Excel workbooks: read like the text that they would be saved as, without its losses; what is too large never reaches the parser."""

from __future__ import annotations

import io
import random
import re
import zipfile
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from pipelines.channels.containers import UnreadableError
from pipelines.channels.workbooks import sheet_text
from tests.channels import samples
from tests.channels.archives import Raw, Serial, workbook, zipped
from tests.channels.lake import frame, home_with, load, loads, rows, unaccounted

NAMES = ["订单编号", "金额", "时间", "备注"]


def text_of(folder: Path, content: bytes, limit: int = 10_000_000) -> list[str]:
    (folder / "a.xlsx").write_bytes(content)
    return sheet_text(folder / "a.xlsx", folder / "a.csv", limit).read_text().splitlines()


def changed(content: bytes, member: str, before: bytes, after: bytes) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    assert before in members[member]
    return zipped(members | {member: members[member].replace(before, after)})


def taobao(*changes: Mapping[str, str]) -> bytes:
    lines = [{**samples.TAOBAO_ROW, **change} for change in changes]
    return workbook(Sheet1=[samples.TAOBAO_HEADER, *([row.get(name) for name in samples.TAOBAO_HEADER] for row in lines)])


def test_line_n_is_row_n(tmp_path: Path) -> None:
    content = workbook(Sheet1=[[], ["报表"], [], NAMES, ["1", 'a, "b"', None, "x\ny"], [], ["2"]])
    assert text_of(tmp_path, content) == [",,,", "报表,,,", ",,,", ",".join(NAMES), '1,"a, ""b""",,x y', ",,,", "2,,,"]


def test_numbers_and_times_keep_their_value(tmp_path: Path) -> None:
    cells = [Raw("99.900000000000006"), Raw("128"), Serial("46086.37847222222"), Raw("1E-7")]
    assert text_of(tmp_path, workbook(S=[cells])) == ["99.9,128,2026-03-05 09:05:00,0.0000001"]


def test_long_numbers_are_taken_as_they_stand(tmp_path: Path) -> None:
    """A parser would make 4512345678901234688 of the first, and of the second digits that look as if they were whole."""
    numbers = [Raw("4512345678901234567"), Raw("4.51234567890123E+18"), Raw("451234567890123"), "4512345678901234568"]
    assert text_of(tmp_path, workbook(S=[[None, *numbers]])) == [
        "4512345678901234567,4.51234567890123E+18,451234567890123,4512345678901234568"
    ]


def test_workbook_is_read_like_text(tmp_path: Path) -> None:
    texts: list[dict[str, str]] = [
        {"订单编号": "1"},
        {"订单编号": Raw("4.51234567890123E+18")},
        {"订单编号": "3", "订单创建时间": Serial("46086.37847222222")},
    ]
    home = home_with(tmp_path, {"2026-03-07/orders.xlsx": taobao(*texts)})
    load(home)
    found = frame(home, "channel_orders").to_dicts()
    assert [(row["order_no"], row["_source_row"], row["ordered_at"]) for row in found] == [
        ("1", 2, datetime(2026, 3, 5, 1, 5, tzinfo=UTC)),
        ("3", 4, datetime(2026, 3, 5, 1, 5, tzinfo=UTC)),
    ]
    assert found[0]["paid_amount"] == Decimal("128.00")
    (bad,) = frame(home, "channel_quarantine").to_dicts()
    assert (bad["_source_row"], bad["column_name"], bad["value"]) == (3, "订单编号", "4.51234567890123E+18")
    assert bad["record_raw"].startswith("4.51234567890123E+18,阿梨的小店,")
    (counts,) = loads(home).values()
    assert (counts["line_count"], unaccounted(counts)) == (4, 0)


def test_day_in_a_cell_is_a_day(tmp_path: Path) -> None:
    """Excel knows no days, only their first second."""
    row = dict.fromkeys(samples.YOUZAN_CUSTOMER_HEADER, "") | {"客户手机号": "13800000001", "客户生日": Serial("32907")}
    content = workbook(Sheet1=[samples.YOUZAN_CUSTOMER_HEADER, [row[name] or None for name in samples.YOUZAN_CUSTOMER_HEADER]])
    home = home_with(tmp_path, {"2026-03-07/customers.xlsx": content})
    assert not load(home).problems
    assert [row["birth_on"] for row in rows(home, "channel_profiles")] == [date(1990, 2, 3)]


def test_workbook_is_archived_as_it_is(tmp_path: Path) -> None:
    content = taobao({})
    home = home_with(tmp_path, {"2026-03-07/orders.xlsx": content})
    assert not load(home).problems
    (archived,) = (home.lake / "files").iterdir()
    assert (archived.suffix, archived.read_bytes()) == (".xlsx", content)


def test_workbook_in_an_archive_is_read(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/all.zip": zipped({"orders.xlsx": taobao({})})})
    assert not load(home).problems
    assert [row["order_no"] for row in rows(home, "channel_orders")] == ["4512345678901234567"]


def test_empty_sheets_beside_are_nothing(tmp_path: Path) -> None:
    assert text_of(tmp_path, workbook(Sheet1=[], Sheet2=[["a"]], Sheet3=[[]])) == ["a"]


def test_formats_without_content_make_no_sheet_larger(tmp_path: Path) -> None:
    content = changed(workbook(S=[["a", "b"]]), "xl/worksheets/sheet1.xml", b"</row>", b'<c r="XFD1" s="1"/></row>')
    assert text_of(tmp_path, content) == ["a,b"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (workbook(a=[["x"]], b=[["y"]]), "cells in 2 sheets"),
        (workbook(a=[]), "without cells"),
        (zipped({"xl/workbook.xml": "<workbook/>"}), "without cells"),
        (workbook(a=[["x"]])[:-40], "damaged"),
        (changed(workbook(a=[["x"]]), "xl/workbook.xml", b"<sheets>", b"<sheet"), "damaged"),
        (changed(workbook(a=[["x"]]), "xl/worksheets/sheet1.xml", b' r="A1"', b""), "do not say where they are"),
        (changed(workbook(a=[["x"]]), "xl/worksheets/sheet1.xml", b' r="A1"', b' r="A1"' * 100_000), "damaged"),
    ],
)
def test_workbook_that_cannot_be_read_is_refused(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(UnreadableError, match=told):
        text_of(tmp_path, content)


def test_one_cell_in_the_last_corner_is_too_large(tmp_path: Path) -> None:
    """A parser would ask for the whole rectangle: 400 GB."""
    content = changed(workbook(a=[["x"]]), "xl/worksheets/sheet1.xml", b"</row>", b'<c r="XFD1048576"><v>1</v></c></row>')
    with pytest.raises(UnreadableError, match="raise channels"):
        text_of(tmp_path, content, 100_000_000)


def with_shared_text(length: int, uses: int) -> bytes:
    """One text that stands apart, and rows that use it."""
    with zipfile.ZipFile(io.BytesIO(workbook(a=[["x"]] * uses))) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet, links = "xl/worksheets/sheet1.xml", "xl/_rels/workbook.xml.rels"
    kind = b"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings"
    link = b'<Relationship Id="rId98" Type="' + kind + b'" Target="sharedStrings.xml"/></Relationships>'
    inline = b' t="inlineStr"><is><t xml:space="preserve">x</t></is>'
    assert inline in members[sheet]
    members[sheet] = members[sheet].replace(inline, b' t="s"><v>0</v>')
    members[links] = members[links].replace(b"</Relationships>", link)
    main = b"http://schemas.openxmlformats.org/spreadsheetml/2006/main"
    return zipped(members | {"xl/sharedStrings.xml": b'<sst xmlns="' + main + b'"><si><t>' + b"y" * length + b"</t></si></sst>"})


def test_shared_text_is_counted_as_often_as_it_is_used(tmp_path: Path) -> None:
    """A megabyte that a thousand cells share is a gigabyte of cells."""
    assert text_of(tmp_path, with_shared_text(10, 3)) == ["y" * 10] * 3
    assert len(with_shared_text(1_000_000, 1000)) < 100_000
    with pytest.raises(UnreadableError, match="raise channels"):
        text_of(tmp_path, with_shared_text(1_000_000, 1000), 100_000_000)


def test_workbook_of_many_blocks_is_whole(tmp_path: Path) -> None:
    lines = [[f"451234567890123{number:04}", Raw(f"451234567890123{number:04}"), Raw(str(number))] for number in range(10_000)]
    assert text_of(tmp_path, workbook(S=lines), 100_000_000) == [",".join(line) for line in lines]


def test_names_with_a_prefix_are_understood(tmp_path: Path) -> None:
    """As some libraries write them: `<x:c r="A1">`."""
    content = workbook(S=[["a:c b", Raw("4512345678901234567")], [Raw("1"), Raw("4.51234567890123E+18")]])
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    sheet = "xl/worksheets/sheet1.xml"
    members[sheet] = re.sub(rb"<(/?)(\w)", rb"<\1x:\2", members[sheet]).replace(b"xmlns=", b"xmlns:x=")
    assert text_of(tmp_path, zipped(members)) == ["a:c b,4512345678901234567", "1,4.51234567890123E+18"]


def test_workbook_over_the_limit_waits_until_the_limit_is_raised(tmp_path: Path) -> None:
    home = home_with(tmp_path, {"2026-03-07/orders.xlsx": taobao({}), "2026-03-07/b.csv": samples.taobao({"订单编号": "2"})})
    (problem,) = load(home, max_workbook_bytes=1000).refused
    assert "raise channels.max_workbook_bytes" in problem.reason
    assert set(loads(home)) == {"2026-03-07/b.csv"}
    assert not load(home).problems
    assert len(loads(home)) == 2


@pytest.mark.parametrize("seed", range(4))
def test_whatever_is_broken_is_told_as_damage(tmp_path: Path, seed: int) -> None:
    """Bytes of the sheet changed at random: a workbook is read, or refused without a word of its cells, and nothing else happens."""
    draw = random.Random(seed)
    whole = workbook(a=[NAMES, ["1", Raw("99.9"), Serial("46086.5"), Raw("4512345678901234567")]] * 3)
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    refused = []
    for _ in range(100):
        name = draw.choice(["xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/styles.xml"])
        content = bytearray(members[name])
        for _ in range(draw.randint(1, 4)):
            content[draw.randrange(len(content))] = draw.choice(b'<>/"0129ZE&; ')
        try:
            text_of(tmp_path, zipped(members | {name: bytes(content)}))
        except UnreadableError as error:
            refused.append(str(error))
    assert 0 < len(refused) < 100
    assert not [reason for reason in refused if "45123456" in reason or "99.9" in reason]
