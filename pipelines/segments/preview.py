"""What a segment would do, told from decided memberships and the marts: counts, overlaps, masked rows. Writes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import EXPORTED, Segment, Waterfall

MART = "marts.main.mart_marketing__customer_360"
_MASKED = {"sms": "phone_masked", "email": "email_masked"}


@dataclass(frozen=True, slots=True)
class Stopped:
    """Customers whom one step of the gate stopped for one reason."""

    outcome: str
    reason: str
    customer_count: int


@dataclass(frozen=True, slots=True)
class Overlap:
    """Another segment that matches some of the same customers.

    `lost_count`: of them, those whom the other one has won, on its list or held out of it.
    """

    segment_name: str
    customer_count: int
    lost_count: int


@dataclass(frozen=True, slots=True)
class Preview:
    """One segment on one day. `rows` begin with those who would be on the list; their columns are the same in each."""

    segment_name: str
    as_of: date
    customer_count: int  # whom the platform knows
    waterfall: Waterfall
    stopped: Sequence[Stopped]
    arms: dict[str, int]
    overlaps: Sequence[Overlap]
    rows: Sequence[dict[str, Any]]

    @property
    def warning(self) -> str | None:
        """What is likely to be a mistake in the expression."""
        return matched_warning(self.waterfall.matched, self.customer_count)


def matched_warning(matched: int, customers: int) -> str | None:
    """Words for an expression that matches nobody or everybody; None when it parts the customers, or there are none."""
    if customers and not matched:
        return "matches nobody"
    if customers and matched == customers:
        return f"matches all {customers:,} customers"
    return None


def preview_segment(run: Run, segment: Segment, limit: int) -> Preview:
    """What the memberships of the day in the lake of `run` say of the segment; at most `limit` rows. Raises CdpError without marts."""
    with open_engine(run, "preview") as connection:
        _attach(connection, run)
        day = run.home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={run.as_of}" / "part-0.parquet"
        connection.execute(f"create view memberships as select * from read_parquet({literal(str(day))}, hive_partitioning = false)")
        name = literal(segment.name)
        connection.execute(f"create view own as select * from memberships where segment_name = {name}")
        outcomes = dict(connection.execute("select outcome, count(*) from own group by outcome").fetchall())
        stopped = connection.execute(
            f"select outcome, coalesce(reason, ''), count(*) from own where outcome <> '{EXPORTED}' group by all order by 3 desc, 1, 2"
        ).fetchall()
        arms = connection.execute("select arm, count(*) from own where arm is not null group by arm order by arm").fetchall()
        overlaps = connection.execute(
            "select other.segment_name, count(*), count(case when own.reason = 'on the list of ' || other.segment_name then 1 end)"
            f" from own join memberships as other on other.customer_id = own.customer_id and other.segment_name <> {name}"
            " group by other.segment_name order by 2 desc, 1"
        ).fetchall()
        [(customers,)] = connection.execute(f"select count(*) from {MART}").fetchall()
        return Preview(
            segment.name,
            run.as_of,
            customers,
            Waterfall.of_outcomes(outcomes),
            [Stopped(*row) for row in stopped],
            dict(arms),
            [Overlap(*row) for row in overlaps],
            _rows(connection, segment, limit),
        )


def count_matches(run: Run, segments: Sequence[Segment]) -> tuple[int, dict[str, int | str]]:
    """How many customers there are, and how many each expression matches; in words why one fails on the data."""
    with open_engine(run, "preview") as connection:
        _attach(connection, run)
        [(customers,)] = connection.execute(f"select count(*) from {MART}").fetchall()
        found: dict[str, int | str] = {}
        for segment in segments:
            try:
                [(found[segment.name],)] = connection.execute(f"select count(*) from {MART} where {segment.where}").fetchall()
            except (duckdb.DataError, duckdb.ProgrammingError) as error:  # its text may quote a value of the row at fault
                found[segment.name] = f"where fails on the data ({type(error).__name__})"
    return customers, found


def _rows(connection: duckdb.DuckDBPyConnection, segment: Segment, limit: int) -> list[dict[str, Any]]:
    columns = ["full_name_masked", _MASKED[segment.channel], *(name for name in segment.columns if name != "customer_id")]
    cursor = connection.execute(
        f"select own.customer_id, {', '.join(f'mart.{name}' for name in columns)}, own.outcome, own.arm, own.reason"
        f" from own join {MART} as mart on mart.customer_id = own.customer_id"
        f" order by own.outcome <> '{EXPORTED}', own.customer_id limit {limit}"
    )
    names = [column[0] for column in cursor.description or ()]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _attach(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    if not run.home.marts.exists():
        raise ConfigurationError("nothing was published yet", where=str(run.home.root), do="`cdp run` first")
    try:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
    except duckdb.Error as error:
        raise CdpError(f"cannot be read ({type(error).__name__})", where=str(run.home.marts), do="run the day again") from error
