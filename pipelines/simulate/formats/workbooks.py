"""Excel workbooks of one sheet, and zip archives, as platforms write them; the same rows are the same bytes. No format is known here."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping, Sequence
from io import BytesIO
from xml.sax.saxutils import escape

import polars as pl

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_PARTS = {
    "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"><Default Extension="xml" ContentType="application/xml"/>'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Sheet1" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


# Platforms split what is longer; a sheet ends at 1,048,576.
_MAX_ROWS = 500_000


def workbooks(
    stem: str, header: Sequence[str], frame: pl.DataFrame, above: Sequence[str] = (), below: Sequence[Sequence[str]] = ()
) -> dict[str, bytes]:
    """The rows as `<stem>.xlsx`, or `<stem>_1.xlsx` and so on where they are too many; what stands below, below the last."""
    parts = [frame[start : start + _MAX_ROWS] for start in range(0, max(len(frame), 1), _MAX_ROWS)]
    names = [f"{stem}.xlsx"] if len(parts) == 1 else [f"{stem}_{number}.xlsx" for number in range(1, len(parts) + 1)]
    return {name: _workbook(header, part, above, below if part is parts[-1] else ()) for name, part in zip(names, parts, strict=True)}


def _workbook(header: Sequence[str], frame: pl.DataFrame, above: Sequence[str], below: Sequence[Sequence[str]]) -> bytes:
    """One sheet: lines of a single cell `above`, the header, the rows, rows `below`. Texts stay texts, numbers numbers, null is no cell."""
    top = [[text] for text in above] + [list(header)]
    first = len(top) + 1
    numbered = frame.with_row_index("row number", first)
    row = pl.col("row number").cast(pl.String)
    cells = [_cell(name, dtype, _letters(position), row) for position, (name, dtype) in enumerate(frame.schema.items())]
    lines = numbered.select(pl.concat_str(pl.lit('<row r="'), row, pl.lit('">'), *cells, pl.lit("</row>")).str.join("")).item()
    bottom = [_row(first + len(frame) + number, texts) for number, texts in enumerate(below)]
    rows = "".join([*(_row(number, texts) for number, texts in enumerate(top, start=1)), lines, *bottom])
    sheet = f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
    return archive({name: text.encode() for name, text in (_PARTS | {"xl/worksheets/sheet1.xml": sheet}).items()})


def archive(members: Mapping[str, bytes]) -> bytes:
    """A zip archive without a clock. Names that are not ASCII are written in GBK and nothing says so, as Chinese desktops do."""
    file, names = BytesIO(), {name: _stand_in(name, number) for number, name in enumerate(members)}
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, content in members.items():
            info = zipfile.ZipInfo(names[name])
            info.create_system = 0
            zipped.writestr(info, content, zipfile.ZIP_DEFLATED, compresslevel=1)
    written = file.getvalue()
    for name, stand_in in names.items():
        written = written.replace(stand_in.encode(), name.encode("gbk"))
    return written


def _stand_in(name: str, number: int) -> str:
    """The standard library marks names that are not ASCII as UTF-8: so a text of the same length is written, and then replaced."""
    return name if name.isascii() else f"stand-in-{number}".ljust(len(name.encode("gbk")), "~")


def _cell(name: str, dtype: pl.DataType, letters: str, row: pl.Expr) -> pl.Expr:
    value = pl.col(name)
    if dtype == pl.String:
        text = value.str.replace_many(["&", "<", ">"], ["&amp;", "&lt;", "&gt;"])
        parts = (pl.lit(f'<c r="{letters}'), row, pl.lit('" t="inlineStr"><is><t xml:space="preserve">'), text, pl.lit("</t></is></c>"))
    else:
        parts = (pl.lit(f'<c r="{letters}'), row, pl.lit('"><v>'), value.cast(pl.String), pl.lit("</v></c>"))
    return pl.when(value.is_not_null()).then(pl.concat_str(*parts)).otherwise(pl.lit(""))


def _row(number: int, texts: Sequence[str]) -> str:
    cells = (
        f'<c r="{_letters(column)}{number}" t="inlineStr"><is><t xml:space="preserve">{escape(text)}</t></is></c>'
        for column, text in enumerate(texts)
    )
    return f'<row r="{number}">{"".join(cells)}</row>'


def _letters(column: int) -> str:
    return (chr(64 + column // 26) if column >= 26 else "") + chr(65 + column % 26)
