"""Why a customer is on a list or not: the step of the gate, and each part of the condition with its values. Decides nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import decided_path
from pipelines.contracts.segments import EXPORTED, GATE
from pipelines.segments.expressions import Condition, Part, parts_of

_MART = "marts.main.mart_marketing__customer_360"


@dataclass(frozen=True, slots=True)
class JudgedPart:
    """A part of the condition and its answer for the customer; None where a value that it needs is not known."""

    part: Part
    answer: bool | None


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the gate: passed, stopped at, or (None) not reached."""

    name: str
    passed: bool | None


@dataclass(frozen=True, slots=True)
class Why:
    """One customer and one list. `values` and `parts` are None where the database of the day is not kept any more.

    `outcome` and `reason` are those of the memberships; None for a customer whom the condition did not match.
    """

    segment_name: str
    as_of: date
    hour: str | None  # of a list between two nights
    customer_id: str
    outcome: str | None
    arm: str | None
    reason: str | None
    steps: Sequence[Step]
    values: dict[str, Any] | None
    parts: Sequence[JudgedPart] | None
    other_lists: Sequence[str]

    @property
    def is_listed(self) -> bool:
        """Did the list go out with the customer?"""
        return self.outcome == EXPORTED


def why(run: Run, segment_name: str, condition: Condition, customer_id: str, database: Path | None) -> Why:
    """What the memberships of the run's day say, and what `condition` answers on the `database` that was published for it.

    Raises ConfigurationError for a day without memberships, CdpError when something cannot be read.
    """
    day = decided_path(run)
    if not day.exists():
        raise ConfigurationError(f"no lists were decided for {run.moment}", where="cdp why", do="name one of published/segments")
    with open_engine(run, "why") as connection:
        rows = connection.execute(
            f"select segment_name, outcome, arm, reason from read_parquet({literal(str(day))}, hive_partitioning = false)"
            f" where customer_id = {literal(customer_id)} order by segment_name"
        ).fetchall()
        outcome, arm, reason = next((row[1:] for row in rows if row[0] == segment_name), (None, None, None))
        values, parts = (None, None) if database is None else _judged(connection, condition, customer_id, database)
    return Why(
        segment_name,
        run.as_of,
        run.moment if run.hour else None,
        customer_id,
        outcome,
        arm,
        reason,
        _steps(outcome),
        values,
        parts,
        [name for name, result, *_ in rows if result == EXPORTED and name != segment_name],
    )


def _steps(outcome: str | None) -> list[Step]:
    """Every step up to the one that stopped the customer has let them through."""
    steps, is_open = [Step("matched", outcome is not None)], outcome is not None
    for name, stops in GATE.items():
        steps.append(Step(name, (outcome != stops) if is_open else None))
        is_open = is_open and outcome != stops
    return steps


def _judged(
    connection: duckdb.DuckDBPyConnection, condition: Condition, customer_id: str, database: Path
) -> tuple[dict[str, Any] | None, list[JudgedPart] | None]:
    parts = parts_of(condition.sql)
    answers = ", ".join(f"({part.sql})" for part in parts)
    try:
        connection.execute(f"attach {literal(str(database))} as marts (read_only)")
        rows = connection.execute(
            f"select {', '.join(condition.columns)}, {answers} from {_MART} where customer_id = {literal(customer_id)}"
        ).fetchall()
    except duckdb.Error as error:  # its text may quote a value
        raise CdpError(f"cannot be read ({type(error).__name__})", where=str(database), do="run the day again") from error
    if not rows:
        return None, None
    [row] = rows
    count = len(condition.columns)
    return (
        dict(zip(condition.columns, row[:count], strict=True)),
        [JudgedPart(part, answer) for part, answer in zip(parts, row[count:], strict=True)],
    )
