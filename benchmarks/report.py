"""The part of RESULTS.md on the whole job: every figure in it was measured in the session that it reports."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from datetime import date

from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.measure import Measured
from benchmarks.session import Session, Side

# what the steps of both contestants have in common
_PARTS: Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "exports to typed tables": (("transcode", "load"), ("channels",)),
    "newest versions": (("facts",), ()),
    "who is who": (("identity",), ("identity",)),
    "one row a customer": (("customers",), ("golden",)),
    "facts, RFM, KPIs": (("rfm", "kpi"), ("run_settings", "warehouse", "warehouse_predicted")),
    "lists and files": (("list",), ("segments", "exports")),
}
_CHECKS = "_meets_expectations"
_ABOUT = """
The yardstick is `handwritten.sql`: the same job as one script over one DuckDB file, as an analyst writes it for these eight exports
and no others. Both run on the same simulated deliveries, each in a process of its own, in turn; seconds are wall clock, the median
where there are several runs. Memory is the largest sum of resident memory over the tree of processes.
""".strip()
_REMARKS = """
## What is not the same on purpose

- Who is who. By hand: static placeholders, more than 3 accounts or 5 names, crowded cards, then components. The platform also keeps
  two values of an exclusive id apart. So the customers differ; every other figure is compared with the platform's answer in place.
- Lists. By hand ends at consent; the platform goes on through suppression, caps, priority and holdout. The step is compared, not the file.
- The platform also keeps every delivered file and row with its provenance, quarantines, histories, 24 month ends of RFM, KPIs by day,
  week and tier, all segments and their manifests, and runs every check before it publishes. The script does none of this.
""".strip()


def goals(sessions: Sequence[Session], empty: Measured) -> list[Goal]:
    """The goals, judged on the largest set of deliveries."""
    largest = sessions[-1]
    size = f"{largest.deliveries.customers:,} customers"
    found = [
        Goal(f"whole job, times the job by hand, {size}", 2.0, largest.platform.seconds / largest.by_hand.seconds, "x"),
        Goal(f"peak memory of the whole job, {size}", 4.0, largest.platform.peak_bytes / GIB, "GiB"),
        Goal(f"run with nothing new, {size}", 15.0, largest.nothing_new.seconds, "s"),
        Goal("runs with nothing new that were not recognized, all sizes", 0, sum(not session.was_recognized for session in sessions), ""),
        Goal("whole run on next to nothing", 15.0, empty.seconds, "s"),
        Goal("figures that differ from those by hand, all sizes", 0, sum(len(session.differences) for session in sessions), ""),
    ]
    for session in sessions:
        if session.next_day is not None:
            share = session.next_day.seconds / session.platform.seconds
            found.append(Goal(f"one more day, share of the whole job, {session.deliveries.customers:,} customers", 0.7, share, ""))
    if len(sessions) > 1:
        found.append(Goal("exponent of growth from the smallest size to the largest", 1.1, _exponent(sessions[0], largest), ""))
    return found


def _exponent(small: Session, large: Session) -> float:
    times = large.platform.seconds / small.platform.seconds
    return math.log(times) / math.log(large.deliveries.customers / small.deliveries.customers)


def render(sessions: Sequence[Session], empty: Measured, measured_on: date) -> str:
    """The whole report as Markdown."""
    lines = [
        "# The whole job",
        "",
        *measured_with(measured_on),
        *_ABOUT.splitlines(),
        "",
        *goal_table(goals(sessions, empty)),
    ]
    for session in sessions:
        lines += _of_session(session)
    lines += _REMARKS.splitlines()
    return "\n".join(lines) + "\n"


def _of_session(session: Session) -> Iterator[str]:
    hand, ours = session.by_hand, session.platform
    yield f"## {session.deliveries.customers:,} customers"
    yield ""
    yield f"Load average before {session.load_average[0]:.1f} and after {session.load_average[1]:.1f}."
    yield ""
    yield from table(
        ("format", "files", "MB", "rows"),
        [(name, f"{files:,}", f"{size / 1e6:,.0f}", f"{session.rows[name]:,}") for name, (files, size) in session.sizes.items()]
        + [
            (
                "all",
                f"{sum(files for files, _ in session.sizes.values()):,}",
                f"{sum(size for _, size in session.sizes.values()) / 1e6:,.0f}",
                f"{sum(session.rows.values()):,}",
            )
        ],
    )
    yield from table(
        ("", "by hand", "platform", "times"),
        [
            ("whole job, s", f"{hand.seconds:.1f}", f"{ours.seconds:.1f}", f"{ours.seconds / hand.seconds:.2f}"),
            ("each run, s", _each(hand), _each(ours), ""),
            ("processor time, s", f"{hand.cpu_seconds:.1f}", f"{ours.cpu_seconds:.1f}", f"{ours.cpu_seconds / hand.cpu_seconds:.2f}"),
            (
                "peak memory, GiB",
                f"{hand.peak_bytes / GIB:.2f}",
                f"{ours.peak_bytes / GIB:.2f}",
                f"{ours.peak_bytes / hand.peak_bytes:.2f}",
            ),
            ("one more day, s", "", f"{session.next_day.seconds:.1f}" if session.next_day else "not measured", ""),
            ("nothing new, s", "", f"{session.nothing_new.seconds:.1f}", ""),
        ],
    )
    yield "Where the time goes, s:"
    yield ""
    yield from table(("", "by hand", "platform"), _stages(hand, ours))
    yield from _identity(session)
    yield from _equality(session)


def _each(side: Side) -> str:
    return ", ".join(f"{run.seconds:.1f}" for run in side.runs)


def _stages(hand: Side, ours: Side) -> list[tuple[str, ...]]:
    rows, known = [], 0.0
    for name, (left, right) in _PARTS.items():
        by_hand = sum(hand.stage_seconds[stage] for stage in left)
        by_us = sum(ours.stage_seconds.get(stage, 0.0) for stage in right)
        known += by_us
        rows.append((name, f"{by_hand:.1f}", f"{by_us:.1f}" if right else "in the facts"))
    checks = {stage: seconds for stage, seconds in ours.stage_seconds.items() if stage.endswith(_CHECKS)}
    rows += [(f"checks of {stage.removesuffix(_CHECKS)}", "", f"{seconds:.1f}") for stage, seconds in sorted(checks.items())]
    rest = ours.seconds - known - sum(checks.values())
    hand_rest = hand.seconds - sum(hand.stage_seconds.values())
    return [*rows, ("start, Dagster, the rest", f"{hand_rest:.1f}", f"{rest:.1f}")]


def _identity(session: Session) -> Iterator[str]:
    yield "Who is who, against the planted truth, over pairs of source records:"
    yield ""
    sides = {"by hand": session.by_hand, "platform": session.platform}
    yield from table(
        ("", "source records", "customers", "precision", "recall"),
        [
            (
                name,
                f"{int(side.people['source records']):,}",
                f"{int(side.people['customers']):,}",
                f"{side.agreement.precision:.4f}",
                f"{side.agreement.recall:.4f}",
            )
            for name, side in sides.items()
        ],
    )


def _equality(session: Session) -> Iterator[str]:
    sections = ", ".join(f"{section} {count}" for section, count in session.figures.items())
    yield f"Equality: the script by hand was told who is who, and {sum(session.figures.values())} figures were compared ({sections});"
    if not session.differences:
        yield "all are equal."
        yield ""
        return
    yield f"{len(session.differences)} differ:"
    yield ""
    yield from table(
        ("section", "figure", "platform", "by hand"),
        [(found.section, found.name, found.left or "none", found.right or "none") for found in session.differences[:40]],
    )
