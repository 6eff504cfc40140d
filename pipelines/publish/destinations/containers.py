"""Rows of text to the bytes of a file: CSV, a value a line, JSON lines, workbook, zip. The same rows give the same bytes, at any hour."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import datetime

import polars as pl

# the first instant that a zip archive can name
_NEVER = (1980, 1, 1, 0, 0, 0)
_PRIVATE = 0o600 << 16


def csv(rows: pl.DataFrame, _name: str) -> bytes:
    """UTF-8 without a mark, CRLF, quotes where they are needed: for programs, not for spreadsheets."""
    return rows.write_csv(line_terminator="\r\n", quote_style="necessary").encode()


def lines(rows: pl.DataFrame, _name: str) -> bytes:
    """The only column, a value a line, without header."""
    return rows.write_csv(include_header=False, quote_style="never").encode()


def read_csv(content: bytes, columns: list[str]) -> pl.DataFrame:
    """What `csv` wrote: the named columns as text, empty where there is nothing."""
    return pl.read_csv(content, columns=columns, infer_schema=False).fill_null("").select(columns)


def read_zipped_lines(content: bytes, columns: list[str]) -> pl.DataFrame:
    """What `zipped(lines, ...)` wrote, as the one column that is named."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(archive.namelist()[0]).decode()
    return pl.DataFrame({columns[0]: text.splitlines()}, schema={columns[0]: pl.String})


def zipped(render: Callable[[pl.DataFrame, str], bytes], suffix: str) -> Callable[[pl.DataFrame, str], bytes]:
    """The file of `render` as the only one of a zip archive."""

    def archive(rows: pl.DataFrame, name: str) -> bytes:
        info = zipfile.ZipInfo(name + suffix, _NEVER)
        info.compress_type, info.external_attr, info.create_system = zipfile.ZIP_DEFLATED, _PRIVATE, 3
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as written:
            written.writestr(info, render(rows, name))
        return buffer.getvalue()

    return archive


def workbook(*, has_header: bool) -> Callable[[pl.DataFrame, str], bytes]:
    """One sheet of text cells: no number that loses its zeros, no formula, no link."""

    def sheet(rows: pl.DataFrame, _name: str) -> bytes:
        import xlsxwriter  # only where a workbook is wanted

        buffer = io.BytesIO()
        book = xlsxwriter.Workbook(buffer, {"in_memory": True})
        book.set_properties({"created": datetime(*_NEVER)})
        text = book.add_format({"num_format": "@"})
        written = book.add_worksheet("list")
        start = 0
        if has_header:
            for number, header in enumerate(rows.columns):
                written.write_string(0, number, header, text)
            start = 1
        for place, cells in enumerate(rows.iter_rows(), start):
            for number, cell in enumerate(cells):
                written.write_string(place, number, cell, text)
        book.close()
        return buffer.getvalue()

    return sheet
