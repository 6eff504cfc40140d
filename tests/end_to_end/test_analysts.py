"""The analysts' questions are answered as their page says, on the sample."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb

from tests.end_to_end.conftest import ROOT

PAGE = ROOT / "docs" / "analysts.md"


def answered(database: Path, page: str) -> str:
    """The page with the answers that the database gives."""
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set timezone = 'UTC'")

        def answer(block: re.Match[str]) -> str:
            found = connection.execute(block[1])
            header = [column[0] for column in found.description or ()]
            rows = [["" if cell is None else str(cell) for cell in row] for row in found.fetchall()]
            widths = [max(len(cell) for cell in column) for column in zip(header, *rows, strict=True)]
            lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in (header, *rows)]
            return f"```sql\n{block[1]}```\n\n```text\n" + "\n".join(lines) + "\n```"

        return re.sub(r"```sql\n(.*?)```\n\n```text\n.*?```", answer, page, flags=re.S)


def test_ten_questions_are_answered_as_the_page_says(sample_home: Path) -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert page.count("```sql") >= 10
    assert answered(sample_home / "published" / "analytics.duckdb", page) == page
