"""The marts by hand: one SQL script over the tables of a written lake. The yardstick of the models.

It has no tests, no contracts, no descriptions and no history of its own, keeps nothing of the last build and knows nothing of the models.
`python -m benchmarks.marts_handwritten HOME OUT.duckdb` prints seconds and processor seconds of each stage.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb

from benchmarks.marts_build import MEMORY_LIMIT, THREADS
from pipelines.contracts.engine import literal

_SEEN = ("as_of", "as_of_end_at", "exported_before_at", "id_key")


def main() -> None:
    """Run the script on the lake of a home into a new database."""
    parser = argparse.ArgumentParser(description="The marts by hand.")
    parser.add_argument("home", type=Path)
    parser.add_argument("out", type=Path)
    chosen = parser.parse_args()
    print(json.dumps(run(chosen.home / "lake", chosen.out)))


def run(lake: Path, out: Path) -> dict[str, dict[str, float]]:
    """Do it; return seconds and processor seconds of each stage."""
    costs = {}
    settings = {"memory_limit": MEMORY_LIMIT, "threads": THREADS, "preserve_insertion_order": False, "temp_directory": f"{out}.spill"}
    with duckdb.connect(str(out), config=settings) as connection:
        connection.execute("set TimeZone = 'UTC'")
        connection.execute(f"set variable lake = {literal(str(lake))}")
        for name in _SEEN:
            connection.execute(f"set variable {name} = (select {name} from read_parquet({literal(f'{lake}/run_context/*.parquet')}))")
        for stage, statements in _stages():
            seconds, cpu_seconds = time.perf_counter(), time.process_time()
            connection.execute(statements)
            costs[stage] = {"seconds": time.perf_counter() - seconds, "cpu_seconds": time.process_time() - cpu_seconds}
    return costs


def _stages() -> Iterator[tuple[str, str]]:
    script = Path(__file__).with_suffix(".sql").read_text(encoding="utf-8")
    for part in script.split("-- stage: ")[1:]:
        stage, statements = part.split("\n", 1)
        yield stage.strip(), statements


if __name__ == "__main__":
    main()
