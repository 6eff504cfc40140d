"""A small inbox and what is loaded from it, for the tests of this folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import polars as pl

from pipelines.channels import LoadReport, load_deliveries
from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home

COUNTED = (
    "header_count",
    "preamble_count",
    "footer_count",
    "blank_count",
    "continuation_count",
    "loaded_count",
    "duplicate_count",
    "quarantined_count",
    "erased_count",
)


def home_with(folder: Path, files: dict[str, bytes | str]) -> Home:
    """A home whose inbox holds the files; texts are written in UTF-8."""
    home = Home(folder)
    home.deliveries.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        put(home, name, content)
    return home


def put(home: Home, name: str, content: bytes | str) -> None:
    path = home.deliveries / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)


def load(home: Home, **channels: Any) -> LoadReport:
    return load_deliveries(home, Config.model_validate({"channels": channels}))


def frame(home: Home, table: str) -> pl.DataFrame:
    """All rows of a table, in an order that does not depend on how they were written."""
    parts = sorted(home.table(table).rglob("*.parquet"))
    assert parts, f"{table} has no part"
    rows = pl.concat([pl.read_parquet(part) for part in parts])
    assert rows.schema == TABLES[table].schema
    return rows.sort(["_load_id", "_source_row"] if "_source_row" in rows.columns else ["file_path"], maintain_order=True)


def rows(home: Home, table: str) -> list[dict[str, Any]]:
    """The rows without nulls and without provenance: what a test has to say about them."""
    return [
        {name: value for name, value in row.items() if value is not None and not name.startswith("_")}
        for row in frame(home, table).to_dicts()
    ]


def canonical(folder: Path, name: str, content: bytes | str) -> dict[str, list[dict[str, Any]]]:
    """The filled canonical tables after loading one file."""
    home = home_with(folder, {name: content})
    report = load(home)
    assert not report.problems, report.problems
    names = sorted(path.name for path in home.lake.glob("channel_*") if path.name not in ("channel_loads", "channel_quarantine"))
    return {table: found for table in names if (found := rows(home, table))}


def loads(home: Home) -> dict[str, dict[str, Any]]:
    return {row["file_path"]: row for row in frame(home, "channel_loads").to_dicts()}


def unaccounted(row: dict[str, Any]) -> int:
    """Lines of a load that no count explains."""
    return int(row["line_count"] - sum(row[name] for name in COUNTED))
