"""The part of RESULTS.md on the marts beside a script by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from benchmarks.markdown import GIB, Goal, goal_table, measured_with, table
from benchmarks.marts import MartsSize
from benchmarks.marts_build import MEMORY_LIMIT, THREADS

_ABOUT = """
`benchmarks/marts_handwritten.sql` gives the rows of {count} marts from the same lake, as somebody would write it by hand: one script of
plain DuckDB SQL, with the same {memory_limit} and {threads} threads. Its tables are compared, row by row and with their types, with those
of the whole build; what it costs with what those models cost that give its tables, with everything that they are built from.

Its tables: {tables}.

Not in it: facts and metrics of coupons, points, tickets, reviews, consents, stock, campaigns and costs (but `cac`); tags, predictions and
their columns of the 360; timeline, attribution, cross-sell, seasonal buyers, funnel, churn reasons, reconciliation, scorecard. `kpi` and
the 360, which it gives in part, count whole on the side of the models, but without the models that bring only what it leaves out.

And what the models do besides: contracts, descriptions and tests stand beside them, a part of them can be built, settings change without
a change of code, any reporting currency and zone, and what the next day continues is written, too. One more day costs the script
everything again.
""".strip()


def render_marts_by_hand(sizes: Sequence[MartsSize], measured_on: date) -> str:
    """The whole part."""
    return "\n".join(_lines(sizes, measured_on))


def marts_by_hand_goals(sizes: Sequence[MartsSize]) -> list[Goal]:
    """Judged at the largest size; equality at all."""
    largest = sizes[-1]
    return [
        Goal(
            f"whole build, times the processor time of the same outputs by hand, {largest.customers:,} customers",
            1.5,
            largest.by_hand.of_models(largest.whole).cpu_seconds / largest.by_hand.cpu_seconds,
            "",
        ),
        Goal("tables that differ between the models and the script, all sizes", 0, sum(len(size.by_hand.differing) for size in sizes), ""),
    ]


def _lines(sizes: Sequence[MartsSize], measured_on: date) -> Iterator[str]:
    tables = sizes[-1].by_hand.tables
    yield "# The marts beside a script by hand"
    yield ""
    yield from measured_with(measured_on, "python -m benchmarks marts")
    yield from _ABOUT.format(
        count=len(tables), tables=", ".join(f"`{name}`" for name in tables), memory_limit=MEMORY_LIMIT, threads=THREADS
    ).splitlines()
    yield ""
    yield from goal_table(marts_by_hand_goals(sizes))
    yield "## By size"
    yield ""
    yield from table(
        (
            "customers",
            "orders",
            "by hand, processor s",
            "wall s",
            "peak, GiB",
            "models",
            "of models, processor s",
            "wall s",
            "peak of the whole build, GiB",
            "times by hand",
            "tables that differ",
            "load average",
        ),
        [_row(size) for size in sizes],
    )
    for size in sizes:
        yield from table(
            (f"stage of the script, {size.customers:,} customers", "processor s", "wall s"),
            [(name, f"{stage.cpu_seconds:.2f}", f"{stage.seconds:.2f}") for name, stage in size.by_hand.stages.items()],
        )


def _row(size: MartsSize) -> tuple[str, ...]:
    by_hand, of_models = size.by_hand, size.by_hand.of_models(size.whole)
    return (
        f"{size.customers:,}",
        f"{size.rows['fct_orders']:,}",
        f"{by_hand.cpu_seconds:.1f}",
        f"{by_hand.seconds:.0f}",
        f"{by_hand.cost.peak_bytes / GIB:.2f}",
        f"{len(by_hand.models)} of {len(size.whole.models)}",
        f"{of_models.cpu_seconds:.1f}",
        f"{of_models.seconds:.0f}",
        f"{size.whole.cost.peak_bytes / GIB:.2f}",
        f"{of_models.cpu_seconds / by_hand.cpu_seconds:.2f}",
        f"{len(by_hand.differing)} of {len(by_hand.tables)}",
        f"{size.load_average[0]:.1f} to {size.load_average[1]:.1f}",
    )
