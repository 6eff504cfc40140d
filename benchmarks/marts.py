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

from assets.project import DBT_PROJECT
from benchmarks.deliveries import ROOT
from benchmarks.marts_compare import compared
from benchmarks.marts_handwritten import compared_with_models, models_behind
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
class ByHand:
    """The script, and what it is to be compared with: the models that give its tables. `models`: those names, ancestors included."""

    cost: Measured
    stages: dict[str, ModelCost]
    tables: list[str]
    differing: list[str]
    models: set[str]

    @property
    def cpu_seconds(self) -> float:
        """Processor time of the statements, without the start of the process."""
        return sum(stage.cpu_seconds for stage in self.stages.values())

    @property
    def seconds(self) -> float:
        """Wall clock of the statements."""
        return sum(stage.seconds for stage in self.stages.values())

    def of_models(self, build: Build) -> ModelCost:
        """What the models that give the same cost in a build."""
        costs = [build.models[name] for name in self.models]
        return ModelCost(sum(cost.seconds for cost in costs), sum(cost.cpu_seconds for cost in costs))


@dataclass(frozen=True, slots=True)
class MartsSize:
    """One size: everything as of a day, the same by hand, the next day on top of it, everything as of that day.

    `differing`: tables of which the next day and everything as of that day give other rows.
    """

    customers: int
    rows: dict[str, int]
    whole: Build
    by_hand: ByHand
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
    by_hand = _by_hand(lake.home)
    write_day(lake, lake.day, Config())
    next_day = _build(lake.home, continues=True)
    continued = warehouse.with_name("continued.duckdb")
    lake.home.marts.replace(continued)
    shutil.rmtree(warehouse)
    _build(lake.home, continues=False)
    rows = _rows(lake.home)
    tables, differing = compared(continued, lake.home.marts)
    continued.unlink()
    shutil.rmtree(warehouse)
    return MartsSize(lake.customers, rows, whole, by_hand, next_day, len(tables), differing, (load_before, os.getloadavg()[0]))


def _build(home: Home, *, continues: bool) -> Build:
    cost = measure([sys.executable, "-m", "benchmarks.marts_build", home.root], os.environ | {"PYTHONPATH": str(ROOT)})
    told = json.loads(cost.stdout)
    if told["continued"] != continues:
        raise RuntimeError(f"the build of {home.root} {'did not continue' if continues else 'continued'} the last one")
    models = {name: ModelCost(**model) for name, model in told["models"].items()}
    print(f"{home.root.name}: {'next day' if continues else 'whole'} in {cost.seconds:.0f} s, {cost.cpu_seconds:.0f} s of processor time")
    return Build(cost, models)


def _by_hand(home: Home) -> ByHand:
    out = home.warehouse.with_name("by_hand.duckdb")
    cost = measure([sys.executable, "-m", "benchmarks.marts_handwritten", home.root, out], os.environ | {"PYTHONPATH": str(ROOT)})
    print(f"{home.root.name}: by hand in {cost.seconds:.0f} s, {cost.cpu_seconds:.0f} s of processor time")
    stages = {name: ModelCost(**stage) for name, stage in json.loads(cost.stdout).items()}
    tables, differing = compared_with_models(out, home.marts)
    out.unlink()
    return ByHand(cost, stages, tables, differing, models_behind(tables, DBT_PROJECT / "target" / "manifest.json"))


def _rows(home: Home) -> dict[str, int]:
    with duckdb.connect(str(home.marts), read_only=True) as connection:
        shown = ("dim_customers", "fct_orders", "fct_order_lines", "fct_events", "fct_sends")
        return {name: int(connection.execute(f"select count(*) from {name}").fetchall()[0][0]) for name in shown}
