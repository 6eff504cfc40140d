"""What was sold: by channel, by tier, and what an order is worth."""

from __future__ import annotations

from collections.abc import Sequence

from pipelines.reports import charts
from pipelines.reports.figures import Published, Value
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import cell, drawn, points
from pipelines.reports.wording import Words, month

_MONTHS = 12


def sales(published: Published, words: Words) -> Section:
    """Money of the last twelve months."""
    parts = [_stacked(published, words, "channel"), _stacked(published, words, "rfm_tier"), _lines(published, words, "rfm_tier")]
    return Section("sales", words("sales"), parts)


def _stacked(published: Published, words: Words, dimension: str) -> Part:
    values = published.kpi("net_sales", "month", _MONTHS, dimension)
    names = _ranked(values)
    values.sort(key=lambda one: (one.period_start, names.index(one.dimension_value)))
    rows = [
        row | {"rank": names.index(one.dimension_value)}
        for row, one in zip(points(values, words, dimension, lambda one: one.dimension_value), values, strict=True)
    ]
    figures = _pivot(values, names, words, dimension)
    return drawn(words, f"sales_by_{dimension}", rows, lambda rows: charts.columns(rows, "~s"), figures, currency=published.currency)


def _lines(published: Published, words: Words, dimension: str) -> Part:
    values = published.kpi("aov", "month", _MONTHS, dimension)
    rows = points(values, words, dimension, lambda one: one.dimension_value)
    figures = _pivot(values, _ranked(values), words, dimension)
    return drawn(words, f"aov_by_{dimension}", rows, lambda rows: charts.lines(rows, "~s"), figures, currency=published.currency)


def _ranked(values: Sequence[Value]) -> list[str]:
    """Values of the dimension, the largest first; equal ones by name."""
    totals: dict[str, float] = {}
    for one in values:
        totals[one.dimension_value] = totals.get(one.dimension_value, 0.0) + float(one.value or 0)
    return sorted(totals, key=lambda name: (-totals[name], name))


def _pivot(values: Sequence[Value], names: Sequence[str], words: Words, dimension: str) -> Figures:
    """A row a month, a column a value of the dimension."""
    cells = {(one.period_start, one.dimension_value): cell(one) for one in values}
    starts = sorted({one.period_start for one in values}, reverse=True)
    rows = [[month(start), *(cells.get((start, name), "–") for name in names)] for start in starts]
    return Figures([words("month"), *(words.value(dimension, name) for name in names)], rows, frozenset(range(1, len(names) + 1)))
