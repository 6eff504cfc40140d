"""One session: by hand and platform in turn on the same deliveries, then what only the platform can do, then whether they agree."""

from __future__ import annotations

import json
import os
import shutil
import statistics
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import handwritten, truth, whole_job
from benchmarks.compare import Difference, Figures, differences, figure_counts
from benchmarks.deliveries import Deliveries, prepare, sizes
from benchmarks.measure import Measured, measure

_MEMORY_LIMIT = "2GB"  # what the platform's default configuration gives to DuckDB


@dataclass(frozen=True, slots=True)
class Side:
    """All runs of one contestant. `stage_seconds` are those of the run with the median wall clock."""

    runs: Sequence[Measured]
    stage_seconds: dict[str, float]
    agreement: truth.Agreement
    people: dict[str, str]

    @property
    def seconds(self) -> float:
        """Median wall clock."""
        return statistics.median(run.seconds for run in self.runs)

    @property
    def cpu_seconds(self) -> float:
        """Median processor time."""
        return statistics.median(run.cpu_seconds for run in self.runs)

    @property
    def peak_bytes(self) -> int:
        """Largest peak of memory."""
        return max(run.peak_bytes for run in self.runs)


@dataclass(frozen=True, slots=True)
class Session:
    """Everything measured on one set of deliveries."""

    deliveries: Deliveries
    sizes: dict[str, tuple[int, int]]
    rows: dict[str, int]
    by_hand: Side
    platform: Side
    nothing_new: Measured
    was_recognized: bool  # the run with nothing new said so
    next_day: Measured | None  # into a home that holds all days before it; only where that home is made in minutes
    figures: dict[str, int]
    differences: list[Difference]
    load_average: tuple[float, float] = field(default=(0.0, 0.0))


def run_session(work: Path, customers: int, days: int, repeats: int, *, with_next_day: bool) -> Session:
    """Measure one size. The homes and databases that it makes are removed, the deliveries stay."""
    deliveries = prepare(work, customers, days)
    load_before = os.getloadavg()[0]
    scratch = work / f"scratch-{customers}"
    shutil.rmtree(scratch, ignore_errors=True)
    hand, ours = scratch / "by_hand", scratch / "home"
    hand_runs, our_runs, hand_stages, our_steps = [], [], [], []
    for number in range(1, repeats + 1):
        shutil.rmtree(hand, ignore_errors=True)
        hand_runs.append(_told(f"{customers:,} by hand, run {number}", lambda: _by_hand(deliveries, hand)))
        hand_stages.append(json.loads(hand_runs[-1].stdout)["seconds"])
        shutil.rmtree(ours, ignore_errors=True)
        our_runs.append(_told(f"{customers:,} platform, run {number}", lambda: whole_job.run(ours, deliveries.folder)))
        our_steps.append(whole_job.step_seconds(ours))
    nothing_new = _told(f"{customers:,} platform, nothing new", lambda: whole_job.run(ours, deliveries.folder))
    found, expected = _figures(deliveries, ours, our_runs[-1].stdout, scratch)
    session = Session(
        deliveries=deliveries,
        sizes=sizes(deliveries),
        rows=whole_job.rows_loaded(ours),
        by_hand=Side(
            hand_runs,
            hand_stages[_median_run(hand_runs)],
            truth.of_database(hand / "handwritten.duckdb", deliveries.truth),
            json.loads(hand_runs[-1].stdout)["figures"]["people"],
        ),
        platform=Side(
            our_runs, our_steps[_median_run(our_runs)], truth.of_parquet(whole_job.members(ours), deliveries.truth), dict(found["people"])
        ),
        nothing_new=nothing_new,
        was_recognized=not json.loads(nothing_new.stdout)["is_new"],
        next_day=_next_day(deliveries, scratch) if with_next_day else None,
        figures=figure_counts(found),
        differences=differences(found, expected),
        load_average=(load_before, os.getloadavg()[0]),
    )
    shutil.rmtree(scratch)
    return session


def run_empty(work: Path) -> Measured:
    """A whole run on next to nothing: imports, parsing, checks. The median of three, because the first reads cold files."""
    deliveries = prepare(work, 20, 3)
    home = work / "scratch-empty"
    runs = []
    for number in range(1, 4):
        shutil.rmtree(home, ignore_errors=True)
        runs.append(_told(f"platform, empty, run {number}", lambda: whole_job.run(home, deliveries.folder)))
    shutil.rmtree(home)
    return runs[_median_run(runs)]


def _by_hand(deliveries: Deliveries, out: Path) -> Measured:
    out.parent.mkdir(parents=True, exist_ok=True)
    return measure(
        [
            *(sys.executable, "-m", "benchmarks.handwritten", "--deliveries", deliveries.folder, "--out", out),
            *("--as-of", deliveries.as_of.isoformat(), "--memory-limit", _MEMORY_LIMIT),
        ],
        whole_job.environment(),
    )


def _figures(deliveries: Deliveries, home: Path, stdout: str, scratch: Path) -> tuple[Figures, Figures]:
    """The platform's figures, and those by hand when it is told who is who: all that follows from identity must then be equal."""
    told = handwritten.run(deliveries.folder, scratch / "told", deliveries.as_of, _MEMORY_LIMIT, whole_job.members(home))
    return whole_job.figures(home, stdout), told["figures"]


def _next_day(deliveries: Deliveries, scratch: Path) -> Measured:
    """One more day into a home that holds all the days before it."""
    inbox, home = scratch / "inbox", scratch / "next_day"
    *before, last = sorted(deliveries.folder.iterdir())
    for day in before:
        _link(day, inbox / day.name)
    _told(f"{deliveries.customers:,} platform, all but the last day", lambda: whole_job.run(home, inbox))
    _link(last, inbox / last.name)
    return _told(f"{deliveries.customers:,} platform, one more day", lambda: whole_job.run(home, inbox))


def _link(source: Path, target: Path) -> None:
    target.mkdir(parents=True)
    for path in source.iterdir():
        target.joinpath(path.name).hardlink_to(path)


def _median_run(runs: Sequence[Measured]) -> int:
    middle = statistics.median_low(run.seconds for run in runs)
    return next(number for number, run in enumerate(runs) if run.seconds == middle)


def _told(what: str, work: Callable[[], Measured]) -> Measured:
    measured = work()
    print(f"{what}: {measured.seconds:.1f} s, {measured.peak_bytes / 2**30:.2f} GiB", file=sys.stderr, flush=True)
    return measured
