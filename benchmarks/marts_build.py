"""One build of the marts in this process: `python -m benchmarks.marts_build HOME` prints seconds and processor seconds of each model."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import polars as pl

from assets.continuing import BuildFacts, begin_build, finish_build
from assets.resources import Progress
from assets.warehouse import PREDICTED, invoke_dbt
from benchmarks.deliveries import ROOT
from pipelines.contracts.channel_tables import CHANNEL_LOADS
from pipelines.contracts.config import Config, EngineConfig
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run, last_run

MEMORY_LIMIT, THREADS = "2GB", 2
_MODELS_ONLY = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]


class _Clock(Progress):
    """Processor time since the node before ended: nodes are built one after the other."""

    def __init__(self) -> None:
        self.cpu_seconds: dict[str, float] = {}
        self._last = time.process_time()

    def report(self, step: str, done: int, total: int) -> None:  # noqa: ARG002
        now = time.process_time()
        self.cpu_seconds[step] = now - self._last
        self._last = now


def main() -> None:
    """Build what the lake of a home holds. Exits with 1 when a model fails."""
    parser = argparse.ArgumentParser(description="Build the marts of a home.")
    parser.add_argument("home", type=Path)
    parser.add_argument("--select", nargs="*", default=[])
    chosen = parser.parse_args()
    home = Home(chosen.home)
    config = Config(engine=EngineConfig(memory_limit=MEMORY_LIMIT, threads=THREADS))
    clock = _Clock()
    # a night's two parts, between which it predicts: the database is closed in between
    parts = [["--select", *chosen.select]] if chosen.select else [["--exclude", PREDICTED], ["--select", PREDICTED]]
    facts = _facts(last_run(home, config, ROOT / "data" / "reference"))
    continues = begin_build(home, facts)
    results = [
        node
        for part in parts
        for node in invoke_dbt(home, config, ["build", *_MODELS_ONLY, *part], clock, None if chosen.select else continues).results
    ]
    failed = {node.node.name: str(node.message) for node in results if str(node.status) not in {"success", "no-op"}}
    if failed:
        raise SystemExit(f"failed: {failed}")
    models: dict[str, Any] = {
        node.node.name: {"seconds": node.execution_time, "cpu_seconds": clock.cpu_seconds.get(node.node.name, 0.0)}
        for node in results
        if node.node.resource_type.value == "model"
    }
    if not chosen.select:
        finish_build(home, facts)
    print(json.dumps({"continued": continues is not None, "models": models}))


def _facts(run: Run) -> BuildFacts:
    """Of a written lake: its loads are never read again."""
    loads = pl.read_parquet(run.home.table(CHANNEL_LOADS.name) / "part-0.parquet")
    visible = loads.filter(pl.col("exported_at") < run.exported_before_at)["load_id"].sort()
    return BuildFacts(run.as_of, run.as_of_end_at, run.exported_before_at, "", run.config.hash, "", dict.fromkeys(visible, ""))


if __name__ == "__main__":
    main()
