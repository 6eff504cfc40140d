"""What was published about the tags: read from the database of analysts, set beside what the lake covers by now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import duckdb

from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home

_ROWS = """
select tag, customer_count, coverage_rate, refreshed_on, is_stale, segments, last_used_on, is_unused, cadence, as_of
from tag_report
order by tag
"""
_VALUES = """
select tag_value, count(*) as customer_count, avg(confidence) as confidence, min(valid_from_on) as first_on
from customer_tags
where tag = $tag
group by tag_value
order by customer_count desc, tag_value
limit $limit
"""
_EXAMPLES = "select customer_id, tag_value, confidence, evidence from customer_tags where tag = $tag order by customer_id limit $limit"


@dataclass(frozen=True, slots=True)
class TagRow:
    """One tag as it was published. `is_stale` also when the lake covers days that ask for a newer refresh than the published one."""

    tag: str
    customer_count: int
    coverage_rate: float | None  # null without customers
    refreshed_on: date | None  # null when it holds for nobody
    is_stale: bool
    segments: tuple[str, ...]
    last_used_on: date | None  # null when no segment ever read it
    is_unused: bool


@dataclass(frozen=True, slots=True)
class TagValue:
    """One value of a tag, with how many customers have it, how sure that is on average, and since when the first."""

    value: str
    customer_count: int
    confidence: float
    first_on: date


@dataclass(frozen=True, slots=True)
class Example:
    """One customer with the tag."""

    customer_id: str
    value: str
    confidence: float
    evidence: str


def read_report(home: Home) -> tuple[date, tuple[TagRow, ...]]:
    """The published day and a row for each tag. Raises ConfigurationError where nothing was published, or by a version without tags."""
    covered_to = _covered_to(home)
    with _published(home) as database:
        rows = database.execute(_ROWS).fetchall()
    if not rows:
        raise ConfigurationError("holds no tags", where=str(home.analytics), do="`cdp run`")
    as_of: date = rows[0][-1]
    return as_of, tuple(_row(row, max(as_of, covered_to or as_of)) for row in rows)


def read_values(home: Home, tag: str, limit: int) -> tuple[tuple[TagValue, ...], tuple[Example, ...]]:
    """The values of a tag that most customers have, and as many customers as examples."""
    with _published(home) as database:
        values = database.execute(_VALUES, {"tag": tag, "limit": limit}).fetchall()
        examples = database.execute(_EXAMPLES, {"tag": tag, "limit": limit}).fetchall()
    return (
        tuple(TagValue(value, count, float(confidence), first) for value, count, confidence, first in values),
        tuple(Example(customer, value, float(confidence), evidence) for customer, value, confidence, evidence in examples),
    )


def _published(home: Home) -> duckdb.DuckDBPyConnection:
    if not home.analytics.exists():
        raise ConfigurationError("nothing is published yet", where=str(home.analytics), do="`cdp run`, or name another --home")
    database = duckdb.connect(str(home.analytics), read_only=True)
    known = database.execute("select count(*) from duckdb_tables() where table_name in ('tag_report', 'customer_tags')").fetchall()
    if known != [(2,)]:
        database.close()
        raise ConfigurationError("was published without tags", where=str(home.analytics), do="`cdp run` once with this version")
    return database


def _covered_to(home: Home) -> date | None:
    """The newest day that loaded files cover; None without any."""
    ledger = home.table(CHANNEL_LOADS.name) / "part-0.parquet"
    if not ledger.exists():
        return None
    with duckdb.connect() as connection:
        [(day,)] = connection.execute("select max(covers_to_on) from read_parquet($path)", {"path": str(ledger)}).fetchall()
    covered: date | None = day
    return covered


def _row(row: tuple[object, ...], today: date) -> TagRow:
    tag, customers, coverage, refreshed_on, is_stale, segments, last_used_on, is_unused, cadence, _ = row
    due_on = today.replace(day=1) - timedelta(days=1) if cadence == "monthly" else today
    return TagRow(
        tag=str(tag),
        customer_count=int(str(customers)),
        coverage_rate=float(str(coverage)) if coverage is not None else None,
        refreshed_on=refreshed_on if isinstance(refreshed_on, date) else None,
        is_stale=bool(is_stale) or (isinstance(refreshed_on, date) and refreshed_on < due_on),
        segments=tuple(str(segments).split(",")) if segments else (),
        last_used_on=last_used_on if isinstance(last_used_on, date) else None,
        is_unused=bool(is_unused),
    )
