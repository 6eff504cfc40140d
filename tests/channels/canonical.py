"""The filled canonical tables that one delivered file gives, for the golden tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.channels import samples
from tests.channels.lake import home_with, load, loads, rows, unaccounted

Rows = dict[str, list[dict[str, Any]]]


def canonical(folder: Path, name: str, content: bytes | str, format_name: str) -> Rows:
    """Load one file that must follow `format_name`, with every line in one of the counts."""
    home = home_with(folder, {name: content})
    report = load(home)
    assert not report.problems, report.problems
    ledger = loads(home)[name]
    assert (ledger["format_name"], unaccounted(ledger)) == (format_name, 0)
    names = sorted(path.name for path in home.lake.glob("channel_*") if path.name not in ("channel_loads", "channel_quarantine"))
    return {table: found for table in names if (found := rows(home, table))}


def csv(rows: Sequence[Mapping[str, str]], header: Sequence[str] = ()) -> str:
    """CSV text; the header is that of the first row where none is given."""
    return samples.table(list(header or rows[0]), rows)


def points(found: Rows) -> list[tuple[str, str, str, str]]:
    """Contact points in short: record, type, scope, value."""
    return sorted(
        (row["source_record_key"], row["type"], row["scope"], row["value_raw"]) for row in found.get("channel_contact_points", [])
    )
