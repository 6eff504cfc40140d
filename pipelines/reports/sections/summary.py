"""The figures of the newest complete month, each beside the month before."""

from __future__ import annotations

from pipelines.reports.figures import Published
from pipelines.reports.parts import Section, Tile
from pipelines.reports.wording import Words, measured, month

_SHOWN = ("net_sales", "purchases", "buyers", "aov", "new_buyers", "repurchase_rate", "churn_rate_active_base", "new_buyer_repurchase_30d")


def summary(published: Published, words: Words) -> Section:
    """Tiles of the metrics that are there."""
    tiles = [tile for metric in _SHOWN if (tile := _tile(published, words, metric))]
    return Section("summary", words("summary"), [], tiles)


def _tile(published: Published, words: Words, metric: str) -> Tile | None:
    """The newest month that is over, or the one that is not where there is no other."""
    values = published.kpi(metric, "month", 3)
    over = [value for value in values if _is_over(value.period_start.year, value.period_start.month, published)] or values
    if not over:
        return None
    now, before = over[-1], over[-2] if len(over) > 1 else None
    was = words("before", value=measured(before.value, before.unit), period=month(before.period_start)) if before else ""
    unit = f" {now.unit}" if now.unit.isupper() else ""
    label = f"{words.metric(metric)}, {month(now.period_start)}"
    return Tile(label, measured(now.value, now.unit) + unit, was, now.is_provisional)


def _is_over(year: int, number: int, published: Published) -> bool:
    """A month is over when its last day is not after the day of the run."""
    day = published.as_of
    if (year, number) != (day.year, day.month):
        return (year, number) < (day.year, day.month)
    return day.month != day.fromordinal(day.toordinal() + 1).month
