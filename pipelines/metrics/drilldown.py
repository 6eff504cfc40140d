"""The rows behind a figure, and the figure that they give by themselves: counted or summed, never read from `kpi`.

Works on any connection that sees the published marts, opened read-only by the caller.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

import duckdb

from pipelines.contracts.engine import literal
from pipelines.metrics.definitions import UNATTRIBUTED, Dimension, Metric, PartName
from pipelines.metrics.periods import Period

_FIGURE = "decimal(18, 2)"


@dataclass(frozen=True, slots=True)
class Figure:
    """Numerator and denominator of one metric, period and dimension value; a denominator of None: the metric has none."""

    numerator: Decimal | None
    denominator: Decimal | None


def rows_of(metric: Metric, part: PartName, period: Period, as_of: date, dimension: Dimension = "all", value: str = "all") -> str:
    """SQL: the rows behind one part of a figure, with all columns that the definition gives. As many as are counted or summed."""
    listed = _bound(metric, part, period, as_of)
    if dimension == "all":
        return listed
    return f"select * from ({listed}) as listed where {_sliced(dimension)} = {literal(value)}"


def figure_of(
    connection: duckdb.DuckDBPyConnection, metric: Metric, period: Period, as_of: date, dimension: Dimension = "all", value: str = "all"
) -> Figure:
    """What the rows of one figure give; null for a median of nothing."""
    found: dict[str, Decimal | None] = dict.fromkeys(("numerator", "denominator"))
    for part in metric.parts:
        rows = rows_of(metric, part, period, as_of, dimension, value)
        [(found[part],)] = connection.execute(f"select cast({metric.measured_by(part)} as {_FIGURE}) from ({rows}) as listed").fetchall()
    return Figure(found["numerator"], found["denominator"])


def figures_of(connection: duckdb.DuckDBPyConnection, metric: Metric, period: Period, as_of: date) -> Mapping[tuple[str, str], Figure]:
    """The same for every dimension of the metric and every value that has rows above or below the line, by both; all at once."""
    parts: dict[str, dict[tuple[str, str], Decimal | None]] = {
        part: _part(connection, metric, part, period, as_of) for part in metric.parts
    }
    keys = sorted({key for figures in parts.values() for key in figures})
    nothing = nothing_of(metric)
    return {
        key: Figure(parts["numerator"].get(key, nothing.numerator), parts.get("denominator", {}).get(key, nothing.denominator))
        for key in keys
    }


def nothing_of(metric: Metric) -> Figure:
    """The figure of no rows: none counted and a sum of nothing are 0, a median of nothing is null."""
    nothing = {part: Decimal(0) if metric.has_zero(part) else None for part in metric.parts}
    return Figure(nothing["numerator"], nothing.get("denominator"))


def _part(
    connection: duckdb.DuckDBPyConnection, metric: Metric, part: PartName, period: Period, as_of: date
) -> dict[tuple[str, str], Decimal | None]:
    dimensions = [dimension for dimension in metric.dimensions if dimension != "all"]
    grouped = [f"({dimension})" for dimension in dimensions] + ["()"] * ("all" in metric.dimensions)
    columns = [f"{_sliced(dimension)} as {dimension}" for dimension in dimensions]
    column = metric.measured_column(part)
    listed = f"select {', '.join([*columns, column or '1 as counted'])} from ({_bound(metric, part, period, as_of)}) as listed"
    picked = [*(f"grouping({dimension}) = 0, {dimension}" for dimension in dimensions), f"cast({metric.measured_by(part)} as {_FIGURE})"]
    found: dict[tuple[str, str], Decimal | None] = {}
    for *cells, figure in connection.execute(
        f"select {', '.join(picked)} from ({listed}) as sliced group by grouping sets ({', '.join(grouped)})"
    ).fetchall():
        pairs = zip(dimensions, cells[::2], cells[1::2], strict=True)
        found[next(((dimension, value) for dimension, is_meant, value in pairs if is_meant), ("all", "all"))] = figure
    return found


def _sliced(dimension: Dimension) -> str:
    """SQL: the value of a dimension; what belongs to none is unattributed."""
    return f"coalesce(cast({dimension} as varchar), {literal(UNATTRIBUTED)})"


def _bound(metric: Metric, part: PartName, period: Period, as_of: date) -> str:
    """The query with its days in place. Not as bound parameters: to bind one imports pandas, a second of every command."""
    days = {"period_start": period.start, "period_end": period.end, "as_of": as_of}
    return re.sub(r"\$(\w+)", lambda found: f"date '{days[found.group(1)]}'", metric.sql_of(part))
