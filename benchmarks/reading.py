"""How fast exports are read, against raw copies of the same file that check nothing, in one session."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.deliveries import FORMATS
from benchmarks.exports import files, large_file, small_files
from benchmarks.measure import measure

_REPEATS = 3
# no raw copy reads these as they are: a bill with backticks and totals, and GBK, which is measured against transcoding
_NOT_COPIED = ("wechatpay_all", "taobao_order_v1")


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to read one input: median seconds, rows that came out, largest peak of memory."""

    seconds: float
    rows: int
    peak_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One input, read by all who can."""

    name: str
    byte_count: int
    contestants: dict[str, Contestant]

    @property
    def platform(self) -> Contestant:
        """The platform's own."""
        return self.contestants["platform"]

    @property
    def times_the_faster(self) -> float | None:
        """Times the faster raw copy; None where there is none."""
        copies = [contestant.seconds for name, contestant in self.contestants.items() if name != "platform"]
        return self.platform.seconds / min(copies) if copies else None


def run_reading(work: Path) -> list[Reading]:
    """Each format; then five gigabytes in a file and ten thousand files, once each."""
    found = []
    for path in files(work):
        name = next(name for start, name in FORMATS.items() if path.name.startswith(start))
        names = ["platform"]
        if name not in _NOT_COPIED:
            names += ["polars", "duckdb"]
        elif name == "taobao_order_v1":
            names += ["transcode"]
        found.append(_reading(name, path, names, work, _REPEATS))
    large = large_file(work)
    found.append(_reading("shopify_orders, one file of 5 GB", large, ["platform", "polars", "duckdb"], work, 1))
    found.append(_reading("shopify_orders, 10,000 files", small_files(work), ["platform"], work, 1))
    return found


def _reading(name: str, source: Path, contestants: Sequence[str], work: Path, repeats: int) -> Reading:
    runs: dict[str, list[Contestant]] = {contestant: [] for contestant in contestants}
    for _ in range(repeats):
        for contestant in contestants:  # in turn, so that a slow minute of the machine meets all
            runs[contestant].append(_run(contestant, source, work))
    size = sum(path.stat().st_size for path in source.iterdir()) if source.is_dir() else source.stat().st_size
    return Reading(name, size, {contestant: _median(found) for contestant, found in runs.items()})


def _run(contestant: str, source: Path, work: Path) -> Contestant:
    out = work / "out"
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    found = measure([sys.executable, "-m", "benchmarks.contestants", contestant, source, out], os.environ)
    shutil.rmtree(out)
    said = json.loads(found.stdout)
    return Contestant(said["seconds"], said["rows"], found.peak_bytes)


def _median(found: Sequence[Contestant]) -> Contestant:
    seconds = statistics.median(item.seconds for item in found)
    return Contestant(seconds, found[0].rows, max(item.peak_bytes for item in found))
