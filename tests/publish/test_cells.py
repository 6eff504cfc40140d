"""Cells: nothing runs, nothing is lost, and what is text stays text."""

from __future__ import annotations

import csv
import io

import polars as pl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pipelines.publish.cells import MARK, number_cell, text_cell

DANGEROUS = "=+-@\t\r＝＋－＠"


def cells(values: list[str | None], kind: str = "text") -> list[str]:
    build = text_cell if kind == "text" else number_cell
    return pl.DataFrame({"value": values}, schema={"value": pl.String}).select(build("value"))["value"].to_list()


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("+8613800138000", "'+8613800138000"),
        ("=cmd|' /C calc'!A0", "'=cmd|' /C calc'!A0"),
        ("  =1+1", "'  =1+1"),
        ("-5", "'-5"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("＝1+1", "'＝1+1"),
        ("13800138000", "'13800138000"),
        ("007", "'007"),
        ("1E5", "'1E5"),
        ("3/4", "'3/4"),
        ("2026-03-01", "'2026-03-01"),
        ("'quoted", "''quoted"),
        ("王芳", "王芳"),
        ("a@example.com", "a@example.com"),
        ("c_0123456789e012345678", "c_0123456789e012345678"),
        ("", ""),
        (None, ""),
    ],
)
def test_text_that_a_spreadsheet_would_change_is_marked(value: str | None, cell: str) -> None:
    assert cells([value]) == [cell]


@pytest.mark.parametrize(
    ("value", "cell"), [("12.50", "12.50"), ("-12.50", "'-12.50"), ("123456789012", "'123456789012"), ("true", "true")]
)
def test_numbers_stay_numbers_unless_they_begin_like_a_formula_or_are_too_wide(value: str, cell: str) -> None:
    assert cells([value], "number") == [cell]


@given(st.lists(st.text(), min_size=1), st.sampled_from(["text", "number"]))
@example(["=1", "\t=1", "\r\n=1", "\u3000=1", "\ufeff=1"], "text")
def test_no_cell_begins_like_a_formula(values: list[str], kind: str) -> None:
    for value, cell in zip(values, cells(values, kind), strict=True):
        assert not cell.startswith(tuple(DANGEROUS)) or (kind == "number" and cell[0] in "\t\r")
        assert not cell.strip().startswith(("=", "+", "-", "@"))
        if kind == "text":
            assert cell.removeprefix(MARK) == value


@given(st.lists(st.text(st.characters(exclude_characters="\x00", exclude_categories=("Cs",))), min_size=1))
def test_cells_come_back_through_a_csv_reader(values: list[str]) -> None:
    frame = pl.DataFrame({"value": values}, schema={"value": pl.String}).select(text_cell("value"))
    text = frame.write_csv(line_terminator="\r\n", quote_style="always")
    [header, *rows] = csv.reader(io.StringIO(text, newline=""))
    assert header == ["value"]
    assert [row[0].removeprefix(MARK) for row in rows] == values
