"""The part of RESULTS.md on the gate."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from benchmarks.gate import SEGMENTS, Gated
from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table

_ABOUT = f"""
Invented customers with consents, two weeks of lists behind them, two reported messages a customer in 60 days, merges, households,
bounces and unsubscriptions; {SEGMENTS} segments that match from 4 % of them to all. A process settles where everybody stands, decides
all pairs of segment and customer, tells the ledger of contacts anew and writes the lists with their manifests, as a night does. The copy
writes the same rows and columns of the decided lists, one `COPY ... TO` each, in a process of its own: nothing is judged, and no cell
protected. DuckDB is limited to 1,600 MB. Seconds are wall clock without imports, in turn; memory is the peak of the process. That
nobody on a list of marketing has more messages than the cap allows is counted from the ledger by other means each time; else the
measurement fails. Of a busy machine, as the load tells, only processor time says something: two cores have twice the seconds.
""".strip()


def gate_goals(found: Sequence[Gated]) -> list[Goal]:
    """Time and memory at a million customers."""
    large = [gated for gated in found if gated.customers >= 1_000_000]
    return [
        *(Goal(f"{gated.customers:,} customers by {SEGMENTS} segments, gated and written", 60, gated.seconds, "s") for gated in large),
        *(Goal(f"{gated.customers:,} customers, peak memory", 2, gated.peak_bytes / GIB, "GiB") for gated in large),
    ]


def render_gate(found: Sequence[Gated], measured_on: date) -> str:
    """The part as Markdown."""
    steps = list(found[0].steps)
    head = ("customers", "pairs judged", "over the cap", "rows written", *(f"{step}, s" for step in steps))
    rows = [
        (
            *(f"{number:,}" for number in (gated.customers, gated.pairs, gated.over_cap, gated.rows)),
            *(f"{gated.steps[step]:.1f}" for step in steps),
            f"{gated.seconds:.1f}",
            f"{gated.cpu_seconds:.1f}",
            f"{gated.peak_bytes / GIB:.2f}",
            f"{gated.copy_seconds:.1f}",
            f"{gated.copy_cpu_seconds:.1f}",
            f"{gated.seconds / gated.copy_seconds:.1f}",
            f"{gated.load:.1f}",
        )
        for gated in found
    ]
    head = (*head, "all, s", "processor, s", "GiB", "copy, s", "its processor, s", "times the copy", "load before")
    lines = ["# The gate", "", *measured_with(measured_on, "make bench"), *_ABOUT.splitlines(), "", *goal_table(gate_goals(found))]
    return "\n".join([*lines, "## By size", "", *table(head, rows)])
