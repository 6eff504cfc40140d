"""The part of RESULTS.md on the marts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.marts import MartsSize
from benchmarks.marts_build import MEMORY_LIMIT, THREADS

_SHOWN = 25
_ABOUT = f"""
A written lake of two years, a load a month and, in the last month, a load a day: every model of the warehouse is built from it, without
tests, with {MEMORY_LIMIT} for DuckDB and {THREADS} threads. `whole` builds everything as of a day. `next day` finds the loads of one
more day, with new customers and merged ones, and continues that build; it is compared, table by table, with a whole build of the same
day. Processor seconds are those of the models; wall clock and peak memory are of the process with all its imports. Where the machine
was busy with other work, as the load average says, only processor time is to be compared.
""".strip()


def render_marts(sizes: Sequence[MartsSize], measured_on: date) -> str:
    """The whole part."""
    return "\n".join(_lines(sizes, measured_on))


def marts_goals(sizes: Sequence[MartsSize]) -> list[Goal]:
    """Judged at the largest size; equality at all."""
    largest = sizes[-1]
    return [
        Goal(
            f"one more day, share of the processor time of a whole build, {largest.customers:,} customers",
            0.1,
            largest.next_day.cpu_seconds / largest.whole.cpu_seconds,
            "",
        ),
        Goal("tables that differ between one more day and a whole build, all sizes", 0, sum(len(size.differing) for size in sizes), ""),
    ]


def _lines(sizes: Sequence[MartsSize], measured_on: date) -> Iterator[str]:
    yield "# The marts"
    yield ""
    yield from measured_with(measured_on, "python -m benchmarks marts")
    yield from _ABOUT.splitlines()
    yield ""
    yield from goal_table(marts_goals(sizes))
    yield "## By size"
    yield ""
    yield from table(
        (
            "customers",
            "orders",
            "lines",
            "events",
            "whole, processor s",
            "wall s",
            "peak, GiB",
            "next day, processor s",
            "wall s",
            "peak, GiB",
            "share",
            "tables that differ",
            "load average",
        ),
        [_row(size) for size in sizes],
    )
    for size in sizes:
        yield from _models(size)


def _row(size: MartsSize) -> tuple[str, ...]:
    builds = (size.whole, size.next_day)
    costs = [(f"{build.cpu_seconds:.1f}", f"{build.cost.seconds:.0f}", f"{build.cost.peak_bytes / GIB:.2f}") for build in builds]
    return (
        f"{size.customers:,}",
        *(f"{size.rows[name]:,}" for name in ("fct_orders", "fct_order_lines", "fct_events")),
        *costs[0],
        *costs[1],
        f"{size.next_day.cpu_seconds / size.whole.cpu_seconds:.2f}",
        f"{len(size.differing)} of {size.tables}",
        f"{size.load_average[0]:.1f} to {size.load_average[1]:.1f}",
    )


def _models(size: MartsSize) -> Iterator[str]:
    """The models that cost most, in a whole build and on the next day."""
    yield f"## Models, {size.customers:,} customers"
    yield ""
    longest = sorted(size.whole.models, key=lambda name: -size.whole.models[name].cpu_seconds)[:_SHOWN]
    rest = [name for name in size.whole.models if name not in longest]
    rows = [(f"`{name}`", [name]) for name in longest] + [(f"the other {len(rest)}", rest)]
    yield from table(
        ("model", "whole, processor s", "wall s", "next day, processor s", "wall s"),
        [
            (
                label,
                *(
                    f"{sum(getattr(build.models[name], unit) for name in names):.2f}"
                    for build in (size.whole, size.next_day)
                    for unit in ("cpu_seconds", "seconds")
                ),
            )
            for label, names in rows
        ],
    )
