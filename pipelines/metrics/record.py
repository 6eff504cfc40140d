"""The step of a run: what it restates, what came too late, and what it publishes of the past."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.run import Run
from pipelines.metrics.late import write_late_facts
from pipelines.metrics.restatements import write_restatements
from pipelines.metrics.runs import RunFacts


def record_metrics(run: Run, present: RunFacts, past: Callable[[str], RunFacts | None], same_day: Sequence[RunFacts]) -> dict[str, int]:
    """Write METRIC_TABLES of the run, from the marts that it built; return counts.

    `past` gives the facts of a run that published, by its id; `same_day` are all that published the same day.
    """
    with open_engine(run, "metrics") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        return write_restatements(connection, run, present, past) | write_late_facts(connection, run, present, same_day)
