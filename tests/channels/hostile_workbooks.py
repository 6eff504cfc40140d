"""Excel workbooks: cut, locked, of the old kind, with several sheets, macros, links to others, formulas without values, bombs."""

from __future__ import annotations

import io
import zipfile

from tests.channels import samples
from tests.channels.archives import Raw, Serial, workbook, zipped
from tests.channels.hostile_files import Hostile, loads, named, order_no, refuses, sets_aside

_SHEET = "xl/worksheets/sheet1.xml"
_DAMAGED = refuses("damaged Excel")


def workbook_files() -> list[Hostile]:
    """All of them."""
    return named(
        "workbooks",
        [
            ("good.xlsx", _book("w-good"), loads(2)),
            ("named-csv.csv", _book("w-csv"), loads(2)),
            ("cut.xlsx", _book("w-cut")[:-40], refuses("damaged")),
            ("one-member-cut.xlsx", _changed(_book("w-member"), _SHEET, b"</sheetData></worksheet>", b""), _DAMAGED),
            ("sheet-missing.xlsx", _without(_book("w-sheet"), _SHEET), refuses("without cells")),
            ("two-sheets.xlsx", workbook(a=[["x"]], b=[["y"]]), refuses("cells in 2 sheets")),
            (
                "hidden-sheet.xlsx",
                _changed(workbook(a=[["x1"]], b=[["y"]]), "xl/workbook.xml", b'name="b"', b'name="b" state="hidden"'),
                refuses("cells in 2 sheets"),
            ),
            ("no-cells.xlsx", workbook(a=[]), refuses("without cells")),
            ("merged-cells.xlsx", _merged(), sets_aside(1, "is empty")),
            ("macros.xlsm", _with(_book("w-macro"), {"xl/vbaProject.bin": bytes(range(256)) * 40}), loads(2)),
            ("link-to-another.xlsx", _with(_book("w-link"), {"xl/externalLinks/externalLink1.xml": _LINK}), loads(2)),
            ("picture.xlsx", _with(_book("w-picture"), {"xl/media/image1.png": b"\x89PNG" + bytes(range(256)) * 10}), loads(2)),
            ("formulas.xlsx", _changed(_book("w-formula"), _SHEET, *_amount("<f>1+1</f><v>2</v>")), loads(2)),
            ("formulas-never-computed.xlsx", _changed(_book("w-never"), _SHEET, *_amount("<f>1+1</f>")), refuses("never computed")),
            ("formulas-of-a-library.xlsx", _changed(_book("w-library"), _SHEET, *_amount("<f>A1*2</f><v></v>")), refuses("never computed")),
            ("error-cell.xlsx", _changed(_book("w-error"), _SHEET, *_amount("<v>#REF!</v>", ' t="e"')), sets_aside(1, "is no number")),
            ("truth-cell.xlsx", _changed(_book("w-truth"), _SHEET, *_amount("<v>1</v>", ' t="b"')), sets_aside(1, "is no number")),
            ("rounded-id.xlsx", _book("w-rounded", Raw("4.51234567890123E+18")), sets_aside(1, "lost digits")),
            ("time-cell.xlsx", _book("w-time", ordered_at=Serial("46086.37847222222")), loads(2)),
            ("time-far-away.xlsx", _book("w-far", ordered_at=Serial("2958465.99")), sets_aside(1, "")),
            (
                "one-cell-in-the-last-corner.xlsx",
                _changed(_book("w-corner"), _SHEET, b"</sheetData>", b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'),
                refuses("raise channels.max_workbook_bytes"),
            ),
            ("entities.xlsx", _changed(_book("w-entities"), _SHEET, b"<worksheet", _ENTITIES + b"<worksheet"), loads(2)),
            ("outer-entity.xlsx", _changed(_book("w-outer"), _SHEET, b"<worksheet", _OUTER + b"<worksheet"), loads(2)),
            ("binary.xlsb", zipped({"xl/workbook.bin": b"\x83\x01\x00", "[Content_Types].xml": b"<Types/>"}), refuses("xlsb")),
            ("writer.ods", zipped({"mimetype": b"application/vnd.oasis.opendocument.spreadsheet", "content.xml": b"<x/>"}), refuses("ods")),
            ("old.xls", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(2000), refuses(".xls")),
            (
                "locked.xlsx",
                b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le") + bytes(2000),
                refuses("password"),
            ),
        ],
    )


_LINK = (
    b'<externalLink xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><externalBook><sheetDataSet><sheetData sheetId="0">'
    b'<row r="1"><cell r="A1"><v>7</v></cell></row></sheetData></sheetDataSet></externalBook></externalLink>'
)
_ENTITIES = (
    b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa">' + b"".join(b'<!ENTITY %c "%s">' % (98 + n, b"&%c;" % (97 + n) * 10) for n in range(9)) + b"]>"
)
_OUTER = b'<!DOCTYPE x [<!ENTITY x SYSTEM "file:///etc/passwd">]>'


def _book(tag: str, number: str | None = None, ordered_at: str | None = None) -> bytes:
    """Two orders; `number` and `ordered_at` are those of the first."""
    rows = [samples.TAOBAO_ROW | {"订单编号": order_no(tag, position)} for position in range(2)]
    rows[0] |= {"订单编号": number or rows[0]["订单编号"], "订单创建时间": ordered_at or rows[0]["订单创建时间"]}
    return workbook(Sheet1=[samples.TAOBAO_HEADER, *([row.get(name) for name in samples.TAOBAO_HEADER] for row in rows)])


def _amount(cell: str, attributes: str = "") -> tuple[bytes, bytes]:
    """What the cell of the first order's payment (G2) is changed from and to."""
    before = b'<c r="G2" t="inlineStr"><is><t xml:space="preserve">128.00</t></is></c>'
    return before, f'<c r="G2"{attributes}>{cell}</c>'.encode()


def _merged() -> bytes:
    """The order number stands in one cell over two rows."""
    column = samples.TAOBAO_HEADER.index("订单编号")
    assert column == 0
    book = _changed(_book("w-merged"), _SHEET, b"</sheetData>", b'</sheetData><mergeCells count="1"><mergeCell ref="A2:A3"/></mergeCells>')
    cell = f'<c r="A3" t="inlineStr"><is><t xml:space="preserve">{order_no("w-merged", 1)}</t></is></c>'
    return _changed(book, _SHEET, cell.encode(), b'<c r="A3" s="0"/>')


def _members(content: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def _changed(content: bytes, member: str, before: bytes, after: bytes) -> bytes:
    members = _members(content)
    assert before in members[member], member
    return zipped(members | {member: members[member].replace(before, after)})


def _with(content: bytes, more: dict[str, bytes]) -> bytes:
    return zipped(_members(content) | more)


def _without(content: bytes, member: str) -> bytes:
    return zipped({name: data for name, data in _members(content).items() if name != member})
