"""The rows behind published figures, counted again: the drill-down of each metric is SQL of its own."""

from __future__ import annotations

from collections import defaultdict
from datetime import date

import duckdb

from pipelines.contracts.home import Home
from pipelines.metrics import Figure, Period, figures_of, nothing_of, read_metrics
from tests.dbt.conftest import rows

# of each month, beside its first week: a query for each metric, day and week would take minutes
DAYS_ASKED = {1, 15, 29, 31}
Wrong = dict[tuple[object, ...], tuple[Figure | None, Figure | None]]


def rows_that_disagree(home: Home, as_of: date, *families: str) -> Wrong:
    """What the rows give and what is published, of each metric, period asked and dimension value where they differ."""
    metrics = {name: metric for name, metric in read_metrics().items() if not families or metric.family in families}
    columns = "metric, period_grain, period_start, dimension, dimension_value, numerator, denominator"
    published: dict[tuple[str, str, date], dict[tuple[str, str], Figure]] = defaultdict(dict)
    for metric, grain, start, dimension, value, numerator, denominator in rows(home, f"select {columns} from kpi"):
        if metric in metrics:
            published[metric, grain, start][dimension, value] = Figure(numerator, denominator)
    wrong: Wrong = {}
    with duckdb.connect(str(home.marts), read_only=True) as connection:
        for (name, grain, start), figures in published.items():
            if (grain == "day" and start.day not in DAYS_ASKED) or (grain == "week" and start.day > 7):
                continue
            listed = figures_of(connection, metrics[name], Period(grain, start), as_of)  # type: ignore[arg-type]
            nothing, dimensions = nothing_of(metrics[name]), {dimension for dimension, _ in figures}
            for key in figures.keys() | {key for key in listed if key[0] in dimensions}:
                if listed.get(key, nothing) != figures.get(key, nothing):
                    wrong[name, grain, start, *key] = (listed.get(key), figures.get(key))
    return wrong
