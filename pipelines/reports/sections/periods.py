"""The weekly and the monthly report: every metric that is measured by the period, the newest periods side by side."""

from __future__ import annotations

from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import cell
from pipelines.reports.wording import Words, month

_WEEKS, _MONTHS = 8, 6


def weekly(published: Published, words: Words) -> Section:
    """The last weeks."""
    return Section("weekly", words("weekly"), [_table(published, words, "week", _WEEKS)])


def monthly(published: Published, words: Words) -> Section:
    """The last months."""
    return Section("monthly", words("monthly"), [_table(published, words, "month", _MONTHS)])


def _table(published: Published, words: Words, grain: str, periods: int) -> Part:
    measured = {metric: published.kpi(metric, grain, periods) for metric in published.metrics(grain)}
    # a shop without a help desk has no line of dashes for each of its metrics
    found = {metric: values for metric, values in measured.items() if any(one.value is not None for one in values)}
    starts = sorted({value.period_start for values in found.values() for value in values})[-periods:]
    rows = []
    for metric, values in found.items():
        cells = {one.period_start: cell(one) for one in values}
        rows.append([words.metric(metric), values[0].unit, *(cells.get(start, "–") for start in starts)])
    header = [words("metric"), words("unit"), *(start.isoformat() if grain == "week" else month(start) for start in starts)]
    figures = Figures(header, rows, frozenset(range(2, len(header))))
    return Part(words(f"{grain}_table"), words("provisional_note"), figures=figures)
