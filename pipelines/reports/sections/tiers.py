"""Who the customers are: RFM tiers and classes, their history, the grid of recency and frequency, the stages of the lifecycle."""

from __future__ import annotations

from pipelines.reports import charts
from pipelines.reports.figures import Published
from pipelines.reports.parts import Figures, Part, Section
from pipelines.reports.sections.drawing import drawn
from pipelines.reports.wording import Words, month, number, share

_TIERS = ("high_value", "potential", "lapsed", "no_purchase")
_CLASSES = (
    *("core_value", "active_potential", "high_spend_developing", "recent_developing"),
    *("sleeping_high_value", "fading_regular", "win_back_high_spend", "lapsed"),
)
_STAGES = ("prospect", "new", "growing", "mature", "declining", "churned")
_GRID_PRESET = "annual"
_HISTORY_MONTHS = 12


def tiers(published: Published, words: Words) -> Section:
    """Distributions of today and of the last month ends."""
    parts = [_by_preset(published, words), _history(published, words), _grid(published, words)]
    return Section("tiers", words("tiers"), [*parts, _classes(published, words), _stages(published, words)])


def _by_preset(published: Published, words: Words) -> Part:
    counts: dict[str, dict[str, int]] = {}
    for preset, tier, count in published.rows("select preset, rfm_tier, count(*) from customer_rfm group by all order by all"):
        counts.setdefault(preset, {})[tier] = count
    rows = [
        {"x": words.value("preset", preset), "series": words.value("tier", tier), "y": found.get(tier, 0), "rank": rank}
        for preset, found in counts.items()
        for rank, tier in enumerate(_TIERS)
    ]
    table = []
    for preset, found in counts.items():
        customers = sum(found.values())
        shares = (f"{number(found.get(tier, 0))} ({share(found.get(tier, 0) / customers)})" for tier in _TIERS)
        table.append([words.value("preset", preset), *shares])
    header = [words("preset"), *(words.value("tier", tier) for tier in _TIERS)]
    figures = Figures(header, table, frozenset(range(1, 5)))
    return drawn(words, "tiers_by_preset", rows, lambda rows: charts.columns(rows, ".0%", is_share=True), figures)


def _history(published: Published, words: Words) -> Part:
    found = published.rows(
        """
        select month_end_on, rfm_tier, count(*) from customer_rfm_history where preset = ?
        group by month_end_on, rfm_tier
        qualify dense_rank() over (order by month_end_on desc) <= ?
        order by month_end_on, rfm_tier
        """,
        [_GRID_PRESET, _HISTORY_MONTHS],
    )
    rows = [{"x": month(day), "series": words.value("tier", tier), "y": count, "rank": _TIERS.index(tier)} for day, tier, count in found]
    rows.sort(key=lambda row: (str(row["x"]), row["rank"]))
    header = [words("month_end"), words("tier"), words("customers")]
    table = [[day.isoformat(), words.value("tier", tier), number(count)] for day, tier, count in found]
    return drawn(words, "tier_history", rows, lambda rows: charts.columns(rows, ",d"), Figures(header, table, frozenset({2})))


def _grid(published: Published, words: Words) -> Part:
    sql = """
    select recency_score, frequency_score, count(*), sum(monetary_amount) from customer_rfm
    where preset = ? and rfm_total is not null group by all order by recency_score desc, frequency_score
    """
    found = published.rows(sql, [_GRID_PRESET])
    counts = {(recency, frequency): count for recency, frequency, count, _ in found}
    rows = [
        {"x": str(frequency), "y": str(recency), "value": counts.get((recency, frequency), 0)}
        for recency in range(5, 0, -1)
        for frequency in range(1, 6)
        if found
    ]
    header = [words("recency_score"), words("frequency_score"), words("customers"), f"{words('net_amount')} ({published.currency})"]
    table = [[str(recency), str(frequency), number(count), number(amount, 2)] for recency, frequency, count, amount in found]
    figures = Figures(header, table, frozenset(range(4)))
    return drawn(
        words, "rfm_grid", rows, lambda rows: charts.heat_map(rows, ",d", words("frequency_score"), words("recency_score")), figures
    )


def _classes(published: Published, words: Words) -> Part:
    sql = "select rfm_class, count(*) from mart_marketing__customer_360 group by all"
    return _counted(published, words, "class", _CLASSES, sql)


def _stages(published: Published, words: Words) -> Part:
    sql = "select lifecycle_stage, count(*) from mart_marketing__customer_360 group by all"
    return _counted(published, words, "stage", _STAGES, sql)


def _counted(published: Published, words: Words, kind: str, order: tuple[str, ...], sql: str) -> Part:
    """Customers by the values of one column, in the order that means something."""
    counts = dict(published.rows(sql))
    customers = sum(counts.values())
    rows = [{"x": words.value(kind, value), "y": counts.get(value, 0)} for value in order if customers]
    table = [[row["x"], number(row["y"]), share(row["y"] / customers)] for row in rows]
    figures = Figures([words(kind), words("customers"), words("share")], table, frozenset({1, 2}))
    return drawn(words, f"by_{kind}", rows, lambda rows: charts.bars(rows, ",d"), figures)
