"""`make bench`: measure the platform against the job by hand and write RESULTS.md."""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.deliveries import ROOT
from benchmarks.report import goals, render
from benchmarks.session import run_empty, run_session

_LARGE = 500_000  # from here on one run is long enough to be steady, and three would take an hour


def main() -> None:
    """Measure each size in turn. Exits with 1 when a figure differs from the one by hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the platform against the job by hand.")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "data" / "home" / "benchmark", help="folder for deliveries and homes [%(default)s]"
    )
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--repeats", type=int, help=f"runs of each side [3, and 1 from {_LARGE:,} customers on]")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    chosen = parser.parse_args()
    work = chosen.work.resolve()
    work.mkdir(parents=True, exist_ok=True)
    empty = run_empty(work)
    sessions = [
        run_session(work, customers, chosen.days, chosen.repeats or (1 if customers >= _LARGE else 3), with_next_day=customers < _LARGE)
        for customers in sorted(chosen.customers)
    ]
    chosen.results.write_text(render(sessions, empty, datetime.now(UTC).date()), encoding="utf-8")
    for goal in goals(sessions, empty):
        print(f"{'met ' if goal.is_met else 'MISSED'} {goal.name}: {goal.measured:.2f} {goal.unit}, at most {goal.limit:g}")
    print(f"figures in {chosen.results}")
    sys.exit(1 if any(session.differences for session in sessions) else 0)


if __name__ == "__main__":
    main()
