"""Runs of the metrics step on a home made by hand: a lake of few facts, and marts that say what a test says."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.metrics import RunFacts, record_metrics, revision_of
from tests.dbt.lake import TinyLake, tiny_run

# metric, grain, first day, dimension, value -> numerator, denominator, is_provisional
Key = tuple[str, str, date, str, str]
Figures = Mapping[Key, tuple[Decimal | None, Decimal | None, bool]]

_MARTS = """
create table kpi (
    metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,
    numerator decimal(18, 2), denominator decimal(18, 2), value decimal(18, 6), unit varchar, is_provisional boolean, as_of date
);
create table fct_orders (order_key varchar, booked_on date);
create table fct_refunds (refund_key varchar, order_key varchar)
"""
PLAIN = RunFacts("r", code_version="1", config_hash="1", definitions_hash="1", readings_hash="1", loads=frozenset())


@dataclass
class Runs:
    """A home, and the records of the runs that published on it."""

    root: Path
    lake: TinyLake = field(default_factory=TinyLake)
    records: dict[str, RunFacts] = field(default_factory=dict)
    days: dict[str, date] = field(default_factory=dict)

    @property
    def home(self) -> Home:
        return Home(self.root)

    def run(
        self, run_id: str, as_of: date, figures: Figures, *, publishes: bool = True, orders: Iterable[tuple[str, date]] = (),
        refunds: Iterable[tuple[str, str]] = (), **inputs: Any,
    ) -> dict[str, int]:  # fmt: skip
        """One run of the step; `inputs` differ from those of a plain run. Without `publishes` it stops before its record is written."""
        run, facts = tiny_run(self.root, as_of), replace(PLAIN, run_id=run_id, **inputs)
        self._write_marts(run, figures, orders, refunds)
        same_day = [self.records[name] for name, day in self.days.items() if day == as_of]
        counts = record_metrics(run, facts, self.records.get, same_day)
        if publishes:
            self.records[run_id] = replace(facts, kpi_revision=revision_of(run, run_id))
            self.days[run_id] = as_of
        return counts

    def write_lake(self, as_of: date) -> Run:
        """The facts of `lake`, as every run sees them."""
        run = tiny_run(self.root, as_of)
        self.lake.write(run.home, run)
        return run

    def rows(self, table: str) -> list[dict[str, Any]]:
        frame = pl.read_parquet(self.home.table(table) / "part-0.parquet")
        assert frame.schema == TABLES[table].schema
        return frame.to_dicts()

    def _write_marts(self, run: Run, figures: Figures, orders: Iterable[tuple[str, date]], refunds: Iterable[tuple[str, str]]) -> None:
        run.home.marts.parent.mkdir(parents=True, exist_ok=True)
        run.home.marts.unlink(missing_ok=True)
        with duckdb.connect(str(run.home.marts)) as marts:
            marts.execute(_MARTS)
            for key, (above, below, is_provisional) in figures.items():
                value = above if below is None or above is None else above / below if below else None
                row = [*key, above, below, value, "x", is_provisional, run.as_of]
                marts.execute(f"insert into kpi values ({', '.join('?' * len(row))})", row)
            for order in orders:
                marts.execute("insert into fct_orders values (?, ?)", order)
            for refund in refunds:
                marts.execute("insert into fct_refunds values (?, ?)", refund)
