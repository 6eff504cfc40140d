"""Put a chart beside its figures, or say that there is nothing to draw yet."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.reports.charts import Row
from pipelines.reports.figures import Value
from pipelines.reports.parts import Figures, Part
from pipelines.reports.wording import Words, measured, month


def drawn(words: Words, key: str, rows: Sequence[Row], draw: Callable[[Sequence[Row]], str], figures: Figures, **values: object) -> Part:
    """The part whose title is the text of `key` and whose note is that of `<key>_note`."""
    if not rows:
        return Part(words(key), words("nothing_yet"))
    return Part(words(key), words(f"{key}_note", **values), draw(rows), figures)


def points(values: Sequence[Value], series: Callable[[Value], str]) -> list[Row]:
    """Rows of a chart by month; `series` names the line or column that a value belongs to."""
    return [
        {
            "x": month(one.period_start),
            "series": series(one),
            "y": None if one.value is None else float(one.value),
            "is_provisional": one.is_provisional,
        }
        for one in values
    ]


def cell(value: Value) -> str:
    """A value in its unit, with a star while it is provisional."""
    return measured(value.value, value.unit) + ("*" if value.is_provisional else "")
