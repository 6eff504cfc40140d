"""Who comes back: rates by month, and the cohorts of first purchase."""

from __future__ import annotations

from pipelines.reports import charts
from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import cell, drawn, points
from pipelines.reports.wording import Words, month, number, share

_MONTHS = 12
_RATES = (
    "repurchase_rate",
    "repeat_buyer_share",
    "new_buyer_repurchase_30d",
    "repeat_customer_retention",
    "churn_rate_active_base",
    "churn_rate_literal",
)


def retention(published: Published, words: Words) -> Section:
    """Rates and cohorts of the last twelve months."""
    return Section("retention", words("retention"), [_rates(published, words), _cohorts(published, words)])


def _rates(published: Published, words: Words) -> Part:
    values = {metric: found for metric in _RATES if (found := published.kpi(metric, "month", _MONTHS))}
    starts = sorted({one.period_start for found in values.values() for one in found})
    table = []
    for metric, found in values.items():
        cells = {one.period_start: cell(one) for one in found}
        table.append([words.metric(metric), *(cells.get(start, "–") for start in starts)])
    figures = Figures([words("metric"), *map(month, starts)], table, frozenset(range(1, len(starts) + 1)))
    rows = points([one for found in values.values() for one in found], lambda one: words.metric(one.metric))
    return drawn(words, "rates", rows, lambda rows: charts.lines(rows, ".0%"), figures)


def _cohorts(published: Published, words: Words) -> Part:
    found = published.rows(
        """
        select first_purchase_month, months_since, customer_count, active_customer_count, retention_rate, is_provisional
        from cohort_retention
        qualify dense_rank() over (order by first_purchase_month desc) <= ?
        order by first_purchase_month, months_since
        """,
        [_MONTHS],
    )
    # the first month is everybody: shown, its color would hide all others
    rows = [
        {"x": str(since), "y": f"{month(first)} ({number(size)})", "value": float(rate)}
        for first, since, size, _, rate, _ in found
        if since > 0
    ]
    table = [
        [month(first), str(since), number(size), number(active), share(rate) + ("*" if is_provisional else "")]
        for first, since, size, active, rate, is_provisional in found
    ]
    header = [words("first_month"), words("months_since"), words("new_buyers"), words("active"), words("share")]
    figures = Figures(header, table, frozenset(range(1, 5)))
    return drawn(words, "cohorts", rows, lambda rows: charts.heat_map(rows, ".0%", words("months_since"), words("first_month")), figures)
