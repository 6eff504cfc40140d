"""An Excel workbook as plain text: the one sheet that has cells, a line a row. Sizes are proved before anything is parsed.

A parser holds the whole sheet, as a rectangle: one cell in the last corner would take 400 GB. So the XML is streamed first, to learn how
large the sheet is; what is over the limit waits.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import fastexcel
import numpy as np
import polars as pl

from pipelines.channels.containers import UnreadableError, damage_told, is_panic
from pipelines.channels.quotes import Ints

_BLOCK_BYTES = 1 << 20
_MAX_CELL_BYTES = 1 << 24
_CELL_HEAD_BYTES = 1 << 14  # attributes and formula, before the value; Excel stops at 8,192 characters of formula
_CELL_BYTES = 32  # in the parser, without its text
# places of cells that hold something: the others are formats only, and make no sheet larger
# (attributes are bounded, or a tag that never ends would take hours)
_COLUMNS = re.compile(rb' r="([A-Z]{1,3})\d{1,7}"(?:[^<>]{0,1000}[^/<>])?>')
_ROWS = re.compile(rb' r="[A-Z]{1,3}(\d{1,7})"(?:[^<>]{0,1000}[^/<>])?>')
_UNPLACED = re.compile(rb"<(?:\w+:)?c(?:>|\s(?![^<>]{0,1000}\br=\"[A-Z]{1,3}\d{1,7}\")[^<>]{0,1000}[^/<>]>)")
_ENDLESS = re.compile(rb"<(?:\w+:)?c\s[^<>]{1000}")
# a double keeps 15 digits: what is longer, or written with an exponent, is taken as it stands in the file
_LONG = re.compile(rb"v>(-?(?:\d{16,}(?:\.\d*)?|\d(?:\.\d+)?[eE]\+?(?:1[5-9]|[2-9]\d|\d{3,})))</")
_IS_TEXT = re.compile(rb"\bt=\"(?!n\")")
_REFERENCE = re.compile(rb"\br=\"([A-Z]{1,3})(\d{1,7})\"")
_SHARED = re.compile(rb't="s"[^<>]{0,1000}>(?:<f[^<>]{0,1000}/>)?<(?:\w+:)?v>(\d{1,9})</')
_FORMULA_MARKS = (b"<f>", b"<f ", b"<f/", b":f>", b":f ", b":f/")  # nearly every sheet has none, which is seen ten times faster
_FORMULA = rb"<(?:\w+:)?f(?:\s[^<>]{0,1000})?(?:/>|>[^<>]{0,8192}</(?:\w+:)?f>)\s*"
# what a library writes that cannot compute; Excel writes an empty value only for an empty text
_UNCOMPUTED = re.compile(
    rb'<(?:\w+:)?c\s(?![^<>]{0,1000}\bt="str")[^<>]{0,1000}>\s*' + _FORMULA + rb"(?:<(?:\w+:)?v(?:\s?/>|></(?:\w+:)?v>))?\s*</(?:\w+:)?c>"
)
_ERROR = re.compile(rb'<(?:\w+:)?c\s([^<>]{0,1000}\bt="e"[^<>]{0,1000})>\s*(?:' + _FORMULA + rb")?<(?:\w+:)?v>([^<>]{1,100})</")
# what another workbook held when a link to it was followed: no cell of this one
_CELL_ELSEWHERE = re.compile(rb"<(?:\w+:)?cell\s[^<>]{0,1000}>")
_DAMAGED = "is a damaged Excel workbook"
_UNKNOWN_PLACE, _SAVE_AGAIN = "is an Excel workbook whose cells do not say where they are", "save it with Excel, or as CSV in UTF-8"


@dataclass(slots=True)
class _Sheet:
    """What the XML of a sheet holds."""

    rows: int = 0
    columns: set[int] = field(default_factory=set)
    long_numbers: dict[tuple[int, int], str] = field(default_factory=dict)  # by row and column, from 0
    errors: dict[tuple[int, int], str] = field(default_factory=dict)  # words such as #REF!, of which the parser makes nothing
    shared: list[Ints] = field(default_factory=list)  # numbers of the texts that stand apart and are used again and again

    @property
    def size(self) -> int:
        """Cells of the rectangle that a parser makes of it."""
        return self.rows * (max(self.columns) - min(self.columns) + 1) if self.columns else 0

    def feed(self, rows: bytes) -> None:
        """A part of the XML that cuts no cell."""
        if (rows.count(b'<c r="') != rows.count(b"<c") or b":c" in rows) and _UNPLACED.search(rows):
            raise UnreadableError(_UNKNOWN_PLACE, _SAVE_AGAIN)
        if _ENDLESS.search(rows):
            raise UnreadableError(_DAMAGED)
        if b"cell " in rows:
            rows = _CELL_ELSEWHERE.sub(b"", rows)
        if any(mark in rows for mark in _FORMULA_MARKS) and _UNCOMPUTED.search(rows):
            raise UnreadableError("is an Excel workbook with formulas that were never computed", "open it in Excel and save it")
        for match in _ERROR.finditer(rows) if b't="e"' in rows else ():
            self.errors[_place(match[1])] = match[2].decode("utf-8", "replace")
        self.rows = max(self.rows, *map(int, set(_ROWS.findall(rows))), 0)
        self.columns.update(map(_column, set(_COLUMNS.findall(rows))))
        for match in _LONG.finditer(rows):
            before = rows[max(match.start() - _CELL_HEAD_BYTES, 0) : match.start()]
            attributes = before[max(before.rfind(b"<c "), before.rfind(b":c ")) :].partition(b">")[0]
            place = _place(attributes)
            if not _IS_TEXT.search(attributes):
                self.long_numbers[place] = match[1].decode()
        self.shared.append(np.array(_SHARED.findall(rows), dtype="S9").astype(np.int64))


def sheet_text(path: Path, target: Path, limit: int) -> Path:
    """Write the sheet to `target` as CSV in UTF-8, so that line n is row n, and return it.

    Numbers of more than 15 digits are written as they stand in the file. Raises UnreadableError where the workbook is damaged, has
    cells in several sheets or none, or takes more than `limit` bytes.
    """
    sheet = _proved(path, limit)
    frame = _with_errors(_with_long_numbers(_parsed(path), sheet), sheet)
    # a line break in a cell would make two lines of one row
    frame.with_columns(pl.all().str.replace_all(r"[\r\n]+", " ")).write_csv(target, include_header=False)
    return target


def _with_long_numbers(frame: pl.DataFrame, sheet: _Sheet) -> pl.DataFrame:
    """A parsed sheet begins in its first column with a cell. What does not agree with the XML was not understood."""
    by_column: dict[int, list[tuple[int, str]]] = {}
    for (row, column), number in sheet.long_numbers.items():
        by_column.setdefault(column - min(sheet.columns), []).append((row, number))
    for column, numbers in by_column.items():
        if column >= frame.width or max(numbers)[0] >= frame.height:
            raise UnreadableError(_DAMAGED)
        rows, texts = (list(values) for values in zip(*numbers, strict=True))
        parsed = frame.to_series(column)
        if parsed.gather(rows).cast(pl.Float64, strict=False).to_list() != [float(text) for text in texts]:
            raise UnreadableError(_DAMAGED)
        frame = frame.with_columns(parsed.scatter(rows, texts))
    return frame


def _with_errors(frame: pl.DataFrame, sheet: _Sheet) -> pl.DataFrame:
    """`#REF!` where the parser leaves nothing: an amount that could not be computed is not an amount that is absent."""
    for (row, column), words in sheet.errors.items():
        position = column - min(sheet.columns)
        if position >= frame.width or row >= frame.height:
            raise UnreadableError(_DAMAGED)
        frame = frame.with_columns(frame.to_series(position).scatter(row, words))
    return frame


def _proved(path: Path, limit: int) -> _Sheet:
    """The one sheet with cells, after every byte of the workbook was counted."""
    try:
        with damage_told(_DAMAGED), zipfile.ZipFile(path) as archive:
            if sum(info.file_size for info in archive.infolist()) > limit:
                raise _too_large(limit)
            sheets, texts = _taken_apart(archive)
    except (NotImplementedError, RuntimeError) as error:
        raise UnreadableError(_DAMAGED) from error
    filled = [sheet for sheet in sheets if sheet.columns]
    if not filled:
        raise UnreadableError("is an Excel workbook without cells")
    if len(filled) > 1:
        raise UnreadableError(f"is an Excel workbook with cells in {len(filled)} sheets", "save each sheet as a file of its own")
    (sheet,) = filled
    numbers = np.concatenate(sheet.shared)
    text_bytes = int(texts[numbers[numbers < len(texts)]].sum())
    if sheet.size * _CELL_BYTES + text_bytes > limit:
        raise _too_large(limit)
    return sheet


def _taken_apart(archive: zipfile.ZipFile) -> tuple[list[_Sheet], Ints]:
    """Every member as a sheet, most of them without cells, and the sizes of the shared texts."""
    sheets, texts = [], np.zeros(0, dtype=np.int64)
    for info in archive.infolist():
        sheet, sizes, rest = _Sheet(), [], 0
        for part in _parts(archive, info):
            sheet.feed(part)
            first, *others = part.split(b"</si>")
            if others:
                sizes += [rest + len(first), *map(len, others[:-1])]
                rest = len(others[-1])
            else:
                rest += len(first)
        sheets.append(sheet)
        if sizes and len(texts):
            raise UnreadableError(_DAMAGED)
        texts = np.array(sizes, dtype=np.int64) if sizes else texts
    return sheets, texts


def _parts(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    """The content, cut where a cell begins. Reading to the end also proves the stated size, which the parser trusts."""
    rest = b""
    with archive.open(info) as stream:
        while block := stream.read(_BLOCK_BYTES):
            data = rest + block
            end = data.rfind(b"<c ")
            if end < 0:
                end = data.rfind(b"<", 0, max(data.rfind(b":c "), 0) or len(data))
            rest = data[max(end, 0) :]
            if len(rest) > _MAX_CELL_BYTES:
                raise UnreadableError("has a cell longer than 16 MB: it is no table", "check what was exported")
            yield data[: max(end, 0)]
    yield rest


def _parsed(path: Path) -> pl.DataFrame:
    try:
        reader = fastexcel.read_excel(path)
        sheets = [reader.load_sheet(name, header_row=None, skip_rows=0, dtypes="string") for name in reader.sheet_names]
        return next(sheet.to_polars() for sheet in sheets if sheet.total_height)
    except (fastexcel.FastExcelError, StopIteration) as error:
        raise UnreadableError(_DAMAGED) from error
    except BaseException as error:
        if not is_panic(error):
            raise
        raise UnreadableError(_DAMAGED) from error


def _place(attributes: bytes) -> tuple[int, int]:
    """Row and column of a cell, from 0."""
    place = _REFERENCE.search(attributes)
    if place is None:
        raise UnreadableError(_UNKNOWN_PLACE, _SAVE_AGAIN)
    return int(place[2]) - 1, _column(place[1])


def _column(letters: bytes) -> int:
    """`A` -> 0, `AB` -> 27."""
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number - 1


def _too_large(limit: int) -> UnreadableError:
    what = f"is an Excel workbook that takes more than {limit} bytes"
    return UnreadableError(what, "deliver it as CSV, or raise channels.max_workbook_bytes", is_passing=True)
