"""A suppression list that cannot be understood stops the run, by line and without showing a value."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.segments.suppressions import read_suppressions

HEADER = "type,value,reason,since_on\n"
PROJECT = Path(__file__).resolve().parents[2]


def read(folder: Path, text: str) -> list[tuple[object, ...]]:
    (folder / "suppressions.csv").write_text(text, encoding="utf-8")
    return read_suppressions(Run(date(2026, 3, 10), Config(), Home(folder), folder)).rows()


def test_header_alone_suppresses_nobody(tmp_path: Path) -> None:
    assert read(tmp_path, HEADER) == []
    assert (PROJECT / "data" / "reference" / "suppressions.csv").read_text(encoding="utf-8") == HEADER


def test_values_are_compared_like_identifiers_and_days_to_come_are_left_out(tmp_path: Path) -> None:
    rows = (
        "phone, 0086 138-1234-5678 ,complaint,2026-03-10\nphone,13812345678,complaint,\n"
        "email,A.B@Example.COM,bounce,\nemail,c@example.com,bounce,2026-03-11\ncustomer_id,c_1,staff,\n"
    )
    assert read(tmp_path, HEADER + rows) == [
        ("customer_id", "c_1", "staff", True),
        ("email", "a.b@example.com", "bounce", False),
        ("phone", "+8613812345678", "complaint", True),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("type,value,why\n", "another header"),
        (HEADER + "fax,13812345678,bounce,\n", "line 2: type is none of"),
        (HEADER + "phone,13812345678,bounce,\nphone,13812345678,because,\n", "line 3: reason is none of"),
        (HEADER + "phone,,bounce,\n", "line 2: value is empty"),
        (HEADER + "phone,138****5678,bounce,\n", "line 2: value is masked"),
        (HEADER + "phone,1.38E+10,bounce,\n", "line 2: value is masked or has lost digits"),
        (HEADER + "phone,13812345678,bounce,10.3.2026\n", "line 2: since_on"),
        (HEADER + "phone,13812345678,bounce,,,,,\n", "cannot be read"),
    ],
)
def test_row_that_cannot_be_understood_stops_the_run_and_shows_no_value(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message) as caught:
        read(tmp_path, text)
    assert "138" not in str(caught.value)


def test_lost_file_stops_the_run(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="no such file"):
        read_suppressions(Run(date(2026, 3, 10), Config(), Home(tmp_path), tmp_path))
