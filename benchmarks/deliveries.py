"""Deliveries to measure on: simulated once for a size and version of the simulator, then kept; and what they hold, by format."""

from __future__ import annotations

import argparse
import hashlib
import shutil
import subprocess
import sys
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from pipelines.simulate import SimulationSpec, formats_named, simulate

ROOT = Path(__file__).resolve().parents[1]
_SEED = 20261031
_BASE = "base"
_FIRST_DAY = date(2025, 11, 1)
# name of a file -> format, as a person tells them apart
FORMATS = {
    "ExportOrderList": "taobao_order_v1",
    "youzan_order": "youzan_order",
    "youzan_customer": "youzan_customer",
    "t_rm_saleflow": "siss_saleflow",
    "orders_export": "shopify_orders",
    "customers_export": "shopify_customers",
    "19": "wechatpay_all",
    "segment_events": "segment_track",
}


@dataclass(frozen=True, slots=True)
class Deliveries:
    """A folder of deliveries and the last business day in it."""

    folder: Path
    truth: Path
    customers: int
    as_of: date


def prepare(work: Path, customers: int, days: int, *, seed: int = _SEED, formats: str = _BASE) -> Deliveries:
    """The deliveries of a simulated retailer, made in a process of its own when `work` does not hold them yet.

    `formats`: formats and groups of the simulator, with commas between them.
    """
    kind = "" if (seed, formats) == (_SEED, _BASE) else f"-{seed}-{formats.replace(',', '-')}"
    folder = work / f"deliveries-{customers}-{days}{kind}-{simulator_version()}"
    if not folder.exists():
        beside = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(beside, ignore_errors=True)
        # the memory that simulating takes must not count as the memory of what is measured
        command = [sys.executable, "-m", "benchmarks.deliveries", str(beside), str(customers), str(days), str(seed), formats]
        subprocess.run(command, check=True, cwd=ROOT)
        beside.joinpath("truth").rename(folder.with_name(f"{folder.name}-truth"))
        beside.rename(folder)
    truth = folder.with_name(f"{folder.name}-truth")
    return Deliveries(folder, truth, customers, SimulationSpec(customers, days, seed, _FIRST_DAY).last_day)


def simulator_version() -> str:
    """Changes with the simulator's code, and what it wrote with it."""
    digest = hashlib.sha256()
    for path in sorted((ROOT / "pipelines" / "simulate").rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:8]


def sizes(deliveries: Deliveries) -> dict[str, tuple[int, int]]:
    """Files and bytes by format."""
    found = dict.fromkeys(FORMATS.values(), (0, 0))
    for path in deliveries.folder.glob("*/*"):
        name = next(name for start, name in FORMATS.items() if path.name.startswith(start))
        files, size = found[name]
        found[name] = (files + 1, size + path.stat().st_size)
    return found


def main() -> None:
    """Simulate into a new folder."""
    parser = argparse.ArgumentParser(description="Simulate deliveries.")
    parser.add_argument("out", type=Path)
    parser.add_argument("customers", type=int)
    parser.add_argument("days", type=int)
    parser.add_argument("seed", type=int)
    parser.add_argument("formats", type=formats_named)
    chosen = parser.parse_args()
    simulate(SimulationSpec(chosen.customers, chosen.days, chosen.seed, _FIRST_DAY, chosen.formats), chosen.out)


if __name__ == "__main__":
    main()
