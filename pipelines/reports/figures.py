"""What sections read: values of `kpi` and whole queries, from the database that is about to be published."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb


@dataclass(frozen=True, slots=True)
class Value:
    """One row of `kpi`."""

    metric: str
    period_start: date
    dimension_value: str
    value: Decimal | None
    unit: str
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Published:
    """The database of a run, open for reading. `as_of` is its day."""

    connection: duckdb.DuckDBPyConnection
    as_of: date
    currency: str

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.connection.execute(sql, list(parameters)).fetchall()

    def kpi(self, metric: str, grain: str, periods: int, dimension: str = "all") -> list[Value]:
        """The newest `periods` of a metric, oldest first, values of a dimension by name."""
        rows = self.rows(
            """
            select metric, period_start, dimension_value, value, unit, is_provisional from kpi
            where metric = ? and period_grain = ? and dimension = ?
            qualify dense_rank() over (order by period_start desc) <= ?
            order by period_start, dimension_value
            """,
            [metric, grain, dimension, periods],
        )
        return [Value(*row) for row in rows]

    def metrics(self, grain: str) -> list[str]:
        """Metrics that are measured by this grain for all customers together."""
        sql = "select distinct metric from kpi where period_grain = ? and dimension = 'all' order by metric"
        return [metric for (metric,) in self.rows(sql, [grain])]


def opened(connection: duckdb.DuckDBPyConnection) -> Published:
    """With the day and the reporting currency that the database names itself."""
    [(as_of,)] = connection.execute("select as_of from about").fetchall()
    currencies = connection.execute("select distinct currency_code from fct_orders limit 1").fetchall()
    return Published(connection, as_of, currencies[0][0] if currencies else "")
