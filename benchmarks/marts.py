"""The marts, measured: a build of everything, one more day, whether both give the same rows, and the job by hand."""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.deliveries import ROOT
from benchmarks.marts_lake import MartsLake, prepare_marts_lake, write_day
from benchmarks.measure import Measured, measure
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home


@dataclass(frozen=True, slots=True)
class ModelCost:
    """Wall clock and processor time of one model."""

    seconds: float
    cpu_seconds: float


@dataclass(frozen=True, slots=True)
class Build:
    """One build in a process of its own."""

    cost: Measured
    models: dict[str, ModelCost]

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the models, without the start of the process."""
        return sum(model.cpu_seconds for model in self.models.values())


@dataclass(frozen=True, slots=True)
class MartsSize:
    """One size: everything as of a day, the next day on top of it, everything as of that day, and tables in which the last two differ."""

    customers: int
    rows: dict[str, int]
    whole: Build
    next_day: Build
    tables: int
    differing: list[str]
    load_average: tuple[float, float]


def run_marts(work: Path, sizes: Sequence[int]) -> Iterator[list[MartsSize]]:
    """Measure one process at a time; yield all that is known after each size. The lakes stay in `work`, the databases do not."""
    found: list[MartsSize] = []
    for customers in sorted(sizes):
        found.append(_sized(prepare_marts_lake(work, customers)))
        yield list(found)


def _sized(lake: MartsLake) -> MartsSize:
    load_before = os.getloadavg()[0]
    warehouse = lake.home.warehouse.parent
    shutil.rmtree(warehouse, ignore_errors=True)
    write_day(lake, lake.day_before, Config())
    whole = _build(lake.home, continues=False)
    write_day(lake, lake.day, Config())
    next_day = _build(lake.home, continues=True)
    continued = warehouse.with_name("continued.duckdb")
    lake.home.marts.replace(continued)
    shutil.rmtree(warehouse)
    _build(lake.home, continues=False)
    rows = _rows(lake.home)
    tables, differing = _compared(continued, lake.home.marts)
    continued.unlink()
    shutil.rmtree(warehouse)
    return MartsSize(lake.customers, rows, whole, next_day, tables, differing, (load_before, os.getloadavg()[0]))


def _build(home: Home, *, continues: bool) -> Build:
    cost = measure([sys.executable, "-m", "benchmarks.marts_build", home.root], os.environ | {"PYTHONPATH": str(ROOT)})
    told = json.loads(cost.stdout)
    if told["continued"] != continues:
        raise RuntimeError(f"the build of {home.root} {'did not continue' if continues else 'continued'} the last one")
    models = {name: ModelCost(**model) for name, model in told["models"].items()}
    print(f"{home.root.name}: {'next day' if continues else 'whole'} in {cost.seconds:.0f} s, {cost.cpu_seconds:.0f} s of processor time")
    return Build(cost, models)


def _rows(home: Home) -> dict[str, int]:
    with duckdb.connect(str(home.marts), read_only=True) as connection:
        shown = ("dim_customers", "fct_orders", "fct_order_lines", "fct_events", "fct_sends")
        return {name: int(connection.execute(f"select count(*) from {name}").fetchall()[0][0]) for name in shown}


def _compared(left: Path, right: Path) -> tuple[int, list[str]]:
    """How many tables there are, and which do not hold the same rows: by count and by the sum of a hash of each row."""
    with duckdb.connect(config={"memory_limit": "2GB", "threads": 2}) as connection:
        for name, path in (("a", left), ("b", right)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        columns: dict[str, list[str]] = {}
        for table, column in connection.execute(
            "select table_name, column_name from duckdb_columns() where database_name = 'b' order by table_name, column_index"
        ).fetchall():
            columns.setdefault(table, []).append(column)
        differing = []
        for table, names in columns.items():
            sums = [
                connection.execute(f"select count(*), sum(cast(hash({', '.join(names)}) as hugeint)) from {name}.{table}").fetchall()
                for name in ("a", "b")
            ]
            if sums[0] != sums[1]:
                differing.append(table)
        return len(columns), differing
