"""How well customers were served: satisfaction, time to the first answer and to the solution, and why goods came back."""

from __future__ import annotations

from pipelines.reports import charts
from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import cell, drawn, points
from pipelines.reports.wording import Words, month, number, share

_MONTHS = 12
_SCORES = range(1, 6)
_DURATIONS = ("first_response_seconds_median", "first_response_seconds_p90", "resolution_seconds_median", "resolution_seconds_p90")


def service(published: Published, words: Words) -> Section:
    """Cases, durations and refunds of the last twelve months."""
    return Section("service", words("service"), [_scores(published, words), _durations(published, words), _refunds(published, words)])


def _scores(published: Published, words: Words) -> Part:
    columns = ", ".join(f"sum(rated_{score}_case_count)" for score in _SCORES)
    found = published.rows(
        f"""
        select opened_month, sum(case_count), {columns} from mart_service__quality
        group by opened_month
        qualify row_number() over (order by opened_month desc) <= ?
        order by opened_month
        """,
        [_MONTHS],
    )
    rows = [
        {"x": month(opened), "series": words("stars", score=score), "y": int(count), "rank": score}
        for opened, _, *counts in found
        for score, count in zip(_SCORES, counts, strict=True)
        if sum(counts)
    ]
    header = [words("month"), words("cases"), *(words("stars", score=score) for score in _SCORES)]
    table = [[month(opened), *map(number, (cases, *counts))] for opened, cases, *counts in reversed(found)]
    return drawn(words, "satisfaction", rows, lambda rows: charts.columns(rows, ",d"), Figures(header, table, frozenset(range(1, 7))))


def _durations(published: Published, words: Words) -> Part:
    values = {metric: found for metric in _DURATIONS if (found := published.kpi(metric, "month", _MONTHS))}
    starts = sorted({one.period_start for found in values.values() for one in found})
    table = []
    for metric, found in values.items():
        cells = {one.period_start: cell(one) for one in found}
        table.append([words.metric(metric), *(cells.get(start, "–") for start in starts)])
    measured = [one for found in values.values() for one in found if one.value is not None]
    # from seconds to days: a logarithm keeps an answer in a minute apart from one in an hour
    rows = [row | {"y": row["y"] / 3600} for row in points(measured, lambda one: words.metric(one.metric)) if row["y"] > 0]
    figures = Figures([words("metric"), *map(month, starts)], table, frozenset(range(1, len(starts) + 1)))
    return drawn(words, "durations", rows, lambda rows: charts.lines(rows, "~g", is_logarithmic=True), figures)


def _refunds(published: Published, words: Words) -> Part:
    found = published.rows(
        """
        select reason, sum(refund_count) as refunds, sum(refunded_amount) as amount from refund_reasons
        where refund_month > (select max(refund_month) - to_months(?) from refund_reasons)
        group by all
        order by refunds desc, amount desc, 1
        limit 12
        """,
        [_MONTHS],
    )
    refunds = sum(count for _, count, _ in found)
    rows = [{"x": words.value("refund_reason", reason), "y": int(count)} for reason, count, _ in found]
    header = [words("reason"), words("refunds"), words("share"), f"{words('refunded_amount')} ({published.currency})"]
    table = [
        [words.value("refund_reason", reason), number(count), share(count / refunds), number(amount, 2)] for reason, count, amount in found
    ]
    return drawn(words, "refund_reasons", rows, lambda rows: charts.bars(rows, ",d"), Figures(header, table, frozenset(range(1, 4))))
