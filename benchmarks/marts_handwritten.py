"""The marts by hand: one SQL script over the tables of a written lake. The yardstick of the models.

It has no tests, no contracts and no descriptions, keeps nothing of the last build and knows nothing of the models.
`python -m benchmarks.marts_handwritten HOME OUT.duckdb` prints seconds and processor seconds of each stage.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb

from benchmarks.marts_build import MEMORY_LIMIT, THREADS
from benchmarks.marts_compare import compared
from pipelines.contracts.engine import literal

_SEEN = ("as_of", "as_of_end_at", "exported_before_at", "id_key")
# tables that the script gives in part: the models of which it gives what they bring into them
GIVEN_IN_PART = {
    "kpi": ("int_kpi_activity", "int_kpi_buyers", "int_kpi_newcomers", "int_kpi_sales"),
    "mart_marketing__customer_360": (
        "customer_lifecycle",
        "customer_rfm",
        "dim_customers",
        "int_customer_activity",
        "int_customer_channels",
        "int_customer_consents",
        "int_customer_home_stores",
        "int_customer_messages",
        "int_customer_totals",
    ),
}


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
    with duckdb.connect(
        str(out),
        config={"memory_limit": MEMORY_LIMIT, "threads": THREADS, "preserve_insertion_order": False, "temp_directory": f"{out}.spill"},
    ) as connection:
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


def compared_with_models(by_hand: Path, marts: Path) -> tuple[list[str], list[str]]:
    """Tables that the script gives, and those of which the models give other rows. Of `kpi` the metrics that the script gives."""
    return compared(marts, by_hand, {"kpi": "metric in (select metric from b.kpi)"})


def models_behind(tables: Sequence[str], manifest: Path) -> set[str]:
    """Names of the models that give the tables, with all that those are built from.

    Of a table that the script gives in part the model itself, whole, and of what it is built from only what the script gives, too.
    """
    parents: dict[str, list[str]] = json.loads(manifest.read_text(encoding="utf-8"))["parent_map"]
    found: set[str] = set()
    waiting = list(tables)
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        found.add(name)
        prefix = "model.retail_cdp."
        waiting += GIVEN_IN_PART.get(name) or [
            parent.removeprefix(prefix) for parent in parents[prefix + name] if parent.startswith(prefix)
        ]
    return found


if __name__ == "__main__":
    main()
