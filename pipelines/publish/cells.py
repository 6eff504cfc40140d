"""Cells that a spreadsheet shows as they are. Knows text, not lists.

A cell that a spreadsheet would run as a formula or turn into another number or date gets an apostrophe in front, and so does a cell
that begins with one; to read a list with a program, drop one leading apostrophe. The ways out that were not taken: `="+86138..."`
shows best in Excel but is itself a formula, breaks every other reader, and teaches people to click formulas away; a leading tab is
trimmed by some programs and is a separator to LibreOffice's default import; spaces or a missing plus change the number.
"""

from __future__ import annotations

import polars as pl

MARK = "'"
# `=1+1` after blanks is a formula in some programs, and East Asian editions take the full-width signs as well
_FORMULA = r"^\s*[=+\-@＝＋－＠]"
_EDGE = r"^[\t\r\n']"
# text that looks like a number, date or time: 007, 1E5, 2026-03-01, 3/4, 12:30, 13800138000
_NUMBER = r"^\s*\.?[0-9][0-9.,:/\\\-eE+% ]*$"
# integers from here on are shown as 1.23E+11
_WIDE = r"[0-9]{12,}"
_SIGNED = r"^[+-]?[0-9]+(\.[0-9]+)?$"


def text_cell(column: str) -> pl.Expr:
    """A text column as cells; null is the empty cell."""
    value = pl.col(column).fill_null("")
    return _marked(value, value.str.contains(_FORMULA) | value.str.contains(_EDGE) | value.str.contains(_NUMBER)).alias(column)


def number_cell(column: str) -> pl.Expr:
    """Numbers or dates, already written out, as cells: left alone unless they begin like a formula or are too wide to be shown."""
    value = pl.col(column).fill_null("")
    return _marked(value, value.str.contains(_FORMULA) | value.str.contains(_WIDE)).alias(column)


def guarded(column: str) -> pl.Expr:
    """Free text of a file for programs: only what a spreadsheet would run is marked, numbers stay what they are."""
    value = pl.col(column).fill_null("")
    return _marked(value, value.str.contains(_FORMULA) & ~value.str.contains(_SIGNED)).alias(column)


def _marked(value: pl.Expr, is_marked: pl.Expr) -> pl.Expr:
    return pl.when(is_marked).then(MARK + value).otherwise(value)
