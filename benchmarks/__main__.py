"""`make bench`: measure the platform, against the job by hand, raw copies, other engines and the truth; write RESULTS.md."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.deliveries import ROOT
from benchmarks.gate import run_gate
from benchmarks.gate_report import gate_goals, render_gate
from benchmarks.identity import run_identity
from benchmarks.identity_report import identity_goals, render_identity
from benchmarks.markdown import Goal, write_part
from benchmarks.marts import run_marts
from benchmarks.marts_by_hand_report import marts_by_hand_goals, render_marts_by_hand
from benchmarks.marts_report import marts_goals, render_marts
from benchmarks.needs import needs_goals, render_needs, run_needs
from benchmarks.propensity import propensity_goals, render_propensity, run_propensity
from benchmarks.reading import run_reading
from benchmarks.reading_report import reading_goals, render_reading
from benchmarks.replay import NIGHTS, run_replay
from benchmarks.replay_report import render_replay, replay_goals
from benchmarks.report import goals, render
from benchmarks.session import run_empty, run_session
from benchmarks.value import render_value, run_value, value_goals

_LARGE = 500_000  # from here on one run is long enough to be steady, and three would take an hour


def main() -> None:
    """Measure what is asked for. Exits with 1 when a figure of the whole job differs from the one by hand."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure the platform.")
    parser.add_argument("parts", nargs="*", metavar="part", help=f"what to measure, of {', '.join(_PARTS)} [all]")
    parser.add_argument(
        "--work", type=Path, default=ROOT / "data" / "home" / "benchmark", help="folder for deliveries and homes [%(default)s]"
    )
    parser.add_argument("--customers", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--days", type=int, default=365)
    parser.add_argument("--simulated", type=int, default=100_000, help="people whose deliveries who is who is judged on [%(default)s]")
    parser.add_argument("--people", type=int, nargs="+", default=[100_000, 1_000_000], help="sizes at which who is who is timed")
    parser.add_argument("--poisoned", type=int, default=1_000_000, help="people of the set with a poisoned number [%(default)s]")
    parser.add_argument("--buyers", type=int, nargs="+", default=[1_000_000, 10_000_000], help="sizes at which value is timed")
    parser.add_argument("--python", type=Path, nargs="+", default=[Path(sys.executable)], help="where value looks for other packages")
    parser.add_argument("--nights", type=int, default=NIGHTS, help="runs after the one whose lists are made again [%(default)s]")
    parser.add_argument("--repeats", type=int, help=f"runs of each side [3, and 1 from {_LARGE:,} customers on]")
    parser.add_argument("--results", type=Path, default=Path(__file__).with_name("RESULTS.md"))
    chosen = parser.parse_args()
    if wrong := set(chosen.parts) - set(_PARTS):
        parser.error(f"no part {', '.join(sorted(wrong))}")
    chosen.work = chosen.work.resolve()
    chosen.work.mkdir(parents=True, exist_ok=True)
    outcomes = [_PARTS[part](chosen) for part in chosen.parts or _PARTS]
    print(f"figures in {chosen.results}")
    sys.exit(0 if all(outcomes) else 1)


def _reading(chosen: argparse.Namespace) -> bool:
    readings = run_reading(chosen.work)
    write_part(chosen.results, render_reading(readings, datetime.now(UTC).date()))
    _tell(reading_goals(readings))
    return True


def _identity(chosen: argparse.Namespace) -> bool:
    goals_so_far: list[Goal] = []
    for figures in run_identity(chosen.work, chosen.simulated, chosen.days, chosen.people, chosen.poisoned, chosen.repeats):
        write_part(chosen.results, render_identity(figures, datetime.now(UTC).date()))
        goals_so_far = identity_goals(figures)
    _tell(goals_so_far)
    return True


def _needs(chosen: argparse.Namespace) -> bool:
    figures = run_needs(chosen.work, max(chosen.customers))
    write_part(chosen.results, render_needs(figures, datetime.now(UTC).date()))
    _tell(needs_goals(figures))
    return True


def _propensity(chosen: argparse.Namespace) -> bool:
    figures = run_propensity(chosen.work, chosen.customers)
    write_part(chosen.results, render_propensity(figures, datetime.now(UTC).date()))
    _tell(propensity_goals(figures))
    return True


def _marts(chosen: argparse.Namespace) -> bool:
    """False when one more day, or the job by hand, gives other rows than a whole build."""
    is_equal, goals_so_far = True, list[Goal]()
    for sizes in run_marts(chosen.work, chosen.customers):
        write_part(chosen.results, render_marts(sizes, datetime.now(UTC).date()))
        write_part(chosen.results, render_marts_by_hand(sizes, datetime.now(UTC).date()))
        goals_so_far = [*marts_goals(sizes), *marts_by_hand_goals(sizes)]
        is_equal = not any(size.differing or size.by_hand.differing for size in sizes)
    _tell(goals_so_far)
    return is_equal


def _whole_job(chosen: argparse.Namespace) -> bool:
    """False when a figure differs from the one by hand."""
    empty = run_empty(chosen.work)
    sessions = [
        run_session(
            chosen.work, customers, chosen.days, chosen.repeats or (1 if customers >= _LARGE else 3), with_next_day=customers < _LARGE
        )
        for customers in sorted(chosen.customers)
    ]
    write_part(chosen.results, render(sessions, empty, datetime.now(UTC).date()))
    _tell(goals(sessions, empty))
    return not any(session.differences for session in sessions)


def _gate(chosen: argparse.Namespace) -> bool:
    found = [
        run_gate(chosen.work, customers, chosen.repeats or (1 if customers >= _LARGE else 3)) for customers in sorted(chosen.customers)
    ]
    write_part(chosen.results, render_gate(found, datetime.now(UTC).date()))
    _tell(gate_goals(found))
    return True


def _value(chosen: argparse.Namespace) -> bool:
    figures = run_value(chosen.work, chosen.buyers, chosen.python)
    write_part(chosen.results, render_value(figures, datetime.now(UTC).date()))
    _tell(value_goals(figures))
    return True


def _replay(chosen: argparse.Namespace) -> bool:
    """False when a list is not what went out."""
    proof = run_replay(chosen.work, chosen.nights)
    write_part(chosen.results, render_replay(proof, datetime.now(UTC).date()))
    _tell(replay_goals(proof))
    return proof.is_kept


def _tell(found: Sequence[Goal]) -> None:
    for goal in found:
        print(f"{'met ' if goal.is_met else 'MISSED'} {goal.name}: {goal.found}, {goal.promised}")


_PARTS = {
    "reading": _reading,
    "job": _whole_job,
    "identity": _identity,
    "marts": _marts,
    "gate": _gate,
    "needs": _needs,
    "propensity": _propensity,
    "value": _value,
    "replay": _replay,
}


if __name__ == "__main__":
    main()
