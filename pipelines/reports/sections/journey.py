"""How far customers come, and what those who left had met with."""

from __future__ import annotations

from pipelines.reports import charts
from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import drawn
from pipelines.reports.wording import Words, number, share


def journey(published: Published, words: Words) -> Section:
    """Stages of all customers, and reasons to leave against those who stayed."""
    return Section("journey", words("journey"), [_funnel(published, words), _reasons(published, words)])


def _funnel(published: Published, words: Words) -> Part:
    sql = """
    select stage, sum(customer_count) from journey_funnel where period_grain = 'month' group by stage_number, stage order by stage_number
    """
    found = published.rows(sql)
    first = found[0][1] if found else 0
    rows = [{"x": words.value("journey", stage), "y": int(count)} for stage, count in found if first]
    table = [[words.value("journey", stage), number(count), share(count / first)] for stage, count in found if first]
    figures = Figures([words("stage"), words("customers"), words("share")], table, frozenset({1, 2}))
    return drawn(words, "funnel", rows, lambda rows: charts.bars(rows, ",d"), figures)


def _reasons(published: Published, words: Words) -> Part:
    found = published.rows(
        """
        select lifecycle_stage, reason, customer_count, share_rate, stayed_share_rate, lift from churn_reasons
        order by lifecycle_stage, lift desc nulls last, reason
        """
    )
    if not found:
        return Part(words("reasons"), words("nothing_yet"))
    header = [words(name) for name in ("stage", "reason", "customers", "share", "share_of_stayed", "lift")]
    rows = [
        [words.value("stage", stage), words.value("reason", reason), number(count), share(rate), share(stayed), number(lift, 2)]
        for stage, reason, count, rate, stayed, lift in found
    ]
    return Part(words("reasons"), words("reasons_note"), figures=Figures(header, rows, frozenset(range(2, 6))))
