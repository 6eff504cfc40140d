"""One build of the marts in this process: `python -m benchmarks.marts_build HOME` prints seconds and processor seconds of each model."""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

from assets.resources import Progress
from assets.warehouse import invoke_dbt
from pipelines.contracts.config import Config, EngineConfig
from pipelines.contracts.home import Home

MEMORY_LIMIT, THREADS = "2GB", 2
_MODELS_ONLY = ["--exclude-resource-type", "unit_test", "--exclude-resource-type", "test"]


class _Clock(Progress):
    """Processor time since the node before ended: nodes are built one after the other."""

    def __init__(self) -> None:
        self.cpu_seconds: dict[str, float] = {}
        self._last = time.process_time()

    def report(self, name: str, done: int, total: int) -> None:
        now = time.process_time()
        self.cpu_seconds[name] = now - self._last
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
    selection = ["--select", *chosen.select] if chosen.select else []
    result = invoke_dbt(home, config, ["build", *_MODELS_ONLY, *selection], clock)
    failed = {node.node.name: str(node.message) for node in result.results if str(node.status) not in {"success", "no-op"}}
    if failed:
        raise SystemExit(f"failed: {failed}")
    models: dict[str, Any] = {
        node.node.name: {"seconds": node.execution_time, "cpu_seconds": clock.cpu_seconds.get(node.node.name, 0.0)}
        for node in result.results
        if node.node.resource_type.value == "model"
    }
    print(json.dumps(models))


if __name__ == "__main__":
    main()
