"""The filled canonical tables that one delivered file gives, for the golden tests of this folder."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
from polars import selectors

from expectations.channel import CHANNEL_SUITES
from pipelines.contracts.home import Home
from tests.channels import samples
from tests.channels.lake import frame, home_with, load, loads, rows, unaccounted

Rows = dict[str, list[dict[str, Any]]]


def canonical(folder: Path, name: str, content: bytes | str, format_name: str) -> Rows:
    """Load one file that must follow `format_name`, with every line in one of the counts."""
    home = home_with(folder, {name: content})
    report = load(home)
    assert not report.problems, report.problems
    ledger = loads(home)[name]
    assert (ledger["format_name"], unaccounted(ledger)) == (format_name, 0)
    broken = broken_promises(home)
    assert not broken, broken
    names = sorted(path.name for path in home.lake.glob("channel_*") if path.name not in ("channel_loads", "channel_quarantine"))
    return {table: found for table in names if (found := rows(home, table))}


def broken_promises(home: Home) -> list[str]:
    """What the suites of the channels stage expect of the loaded tables and do not find, plausible rules and keys included."""
    broken = []
    with duckdb.connect(config={"threads": 1}) as connection:
        for suite in CHANNEL_SUITES:
            if not list(home.table(suite.name).rglob("*.parquet")):
                continue
            # without zones, which DuckDB knows only through an extension
            delivered = frame(home, suite.name).with_columns(selectors.datetime().dt.replace_time_zone(None)).to_arrow()
            connection.register("delivered", delivered)
            listed = {f"{name} is listed": f"{name} in ({', '.join(map(repr, values))})" for name, values in suite.values.items()}
            claims = {rule.claim: rule.holds for rule in suite.rules} | listed
            counts = ", ".join(f"count(*) filter (where not coalesce(({holds}), true))" for holds in claims.values())
            found = connection.execute(f"select {counts or 'null'} from delivered").fetchone() or ()
            broken += [f"{suite.name}: {claim}" for claim, count in zip(claims, found, strict=False) if count]
            if frame(home, suite.name).select(suite.table.key).is_duplicated().any():
                broken.append(f"{suite.name}: its key is unique")
    return broken


def csv(rows: Sequence[Mapping[str, str]], header: Sequence[str] = ()) -> str:
    """CSV text; the header is that of the first row where none is given."""
    return samples.table(list(header or rows[0]), rows)


def points(found: Rows) -> list[tuple[str, str, str, str]]:
    """Contact points in short: record, type, scope, value."""
    return sorted(
        (row["source_record_key"], row["type"], row["scope"], row["value_raw"]) for row in found.get("channel_contact_points", [])
    )
