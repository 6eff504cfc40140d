"""The rows behind every published figure of a home, counted by the definitions' own SQL: a second implementation of `kpi`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import Any

import duckdb

from pipelines.contracts.home import Home
from pipelines.metrics import GRAINS, Figure, Period, figures_of, nothing_of, read_metrics
from tests.dbt.warehouse import rows

# of each month, beside its first week: a query for each metric, day and week would take minutes
DAYS_ASKED = {1, 15, 29, 31}
Disagreements = dict[tuple[Any, ...], tuple[Figure | None, Figure | None]]

_KPI = "select metric, period_grain, period_start, dimension, dimension_value, numerator, denominator from kpi"


def disagreements(home: Home, as_of: date, family: str | None = None, grains: Collection[str] = GRAINS) -> Disagreements:
    """Figures that are not what their rows give, of one family of metrics or of all: by key, what the rows give and what is published.

    Of days and weeks some of each month are asked for.
    """
    metrics = {name: metric for name, metric in read_metrics().items() if family in (None, metric.family)}
    published: dict[tuple[str, str, date], dict[tuple[str, str], Figure]] = defaultdict(dict)
    for name, grain, start, dimension, value, numerator, denominator in rows(home, _KPI):
        if name in metrics and grain in grains:
            published[name, grain, start][dimension, value] = Figure(numerator, denominator)
    wrong = {}
    # thousands of queries over few rows: a second thread costs more than it does
    with duckdb.connect(str(home.marts), read_only=True, config={"threads": 1}) as connection:
        for (name, grain, start), figures in published.items():
            if (grain == "day" and start.day not in DAYS_ASKED) or (grain == "week" and start.day > 7):
                continue
            listed = figures_of(connection, metrics[name], Period(grain, start), as_of)  # type: ignore[arg-type]
            nothing, dimensions = nothing_of(metrics[name]), {dimension for dimension, _ in figures}
            for key in figures.keys() | {key for key in listed if key[0] in dimensions}:
                if listed.get(key, nothing) != figures.get(key, nothing):
                    wrong[name, grain, start, *key] = (listed.get(key), figures.get(key))
    return wrong
