"""The gate: the one place that decides who is on a list. Decides, counts and stores; writes no list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.engine import lake_rows, open_engine, write_query
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.identity_tables import (
    GOLDEN_CONSENTS,
    GOLDEN_CUSTOMERS,
    IDENTITY_CHANGES,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
)
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import Segment, SegmentReport, Waterfall
from pipelines.contracts.storage import sync_folder
from pipelines.segments import steps
from pipelines.segments.reading import read_segments
from pipelines.segments.suppressions import read_suppressions

_MART = "marts.main.mart_marketing__customer_360"
# channel of a segment -> type of the contact point that it reaches
_CONTACT_TYPE: Mapping[str, str] = {"sms": "phone", "email": "email"}
_HASH_DIGITS = 12


def mart_columns(run: Run) -> dict[str, str]:
    """Column -> DuckDB type of the customer mart.

    Raises CdpError when dbt has not built it.
    """
    with open_engine(run, "segments") as connection:
        _attach_marts(connection, run)
        return {name: kind for name, kind, *_ in connection.execute(f"describe {_MART}").fetchall()}


def decide_memberships(run: Run, segments: Sequence[Segment] | None = None) -> SegmentReport:
    """Match the segments that are valid on the day, send the matches through the gate, store `segment_memberships` of the day.

    Without `segments`, all definitions of the configuration are read and checked first. One row a segment and matched customer;
    the partition of the day is replaced whole. The same inputs and day give the same rows.
    """
    if segments is None:
        segments = read_segments(run.config.segments.folders, mart_columns(run))
    valid = [segment for segment in segments if segment.is_valid_on(run.as_of)]
    path = run.home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={run.as_of}" / "part-0.parquet"
    with open_engine(run, "segments") as connection:
        _match(connection, run, valid)
        _judge(connection, run)
        write_query(connection, steps.DECIDED.format(as_of=_date(run)), SEGMENT_MEMBERSHIPS, path)
        sync_folder(path.parent.parent)
        query = f"select segment_name, outcome, count(*) from read_parquet('{_quoted(str(path))}') group by all"
        counts = connection.execute(query).fetchall()
    outcomes = {segment.name: {outcome: count for name, outcome, count in counts if name == segment.name} for segment in valid}
    return SegmentReport(run.as_of, {name: Waterfall.of_outcomes(found) for name, found in sorted(outcomes.items())})


def _attach_marts(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    try:
        connection.execute(f"attach '{_quoted(str(run.home.marts))}' as marts (read_only)")
        connection.execute(f"select 1 from {_MART} limit 0")
    except duckdb.Error as error:
        raise CdpError(
            f"cannot be read: {str(error).splitlines()[0]}", where=str(run.home.marts), do="build the marts with dbt, and close them"
        ) from error


def _match(connection: duckdb.DuckDBPyConnection, run: Run, segments: Sequence[Segment]) -> None:
    """Create `matched` (segment_name, customer_id), and `plans` and `arms` with what the gate needs of each segment."""
    _attach_marts(connection, run)
    connection.execute("create table matched (segment_name varchar, customer_id varchar)")
    for segment in segments:
        try:
            connection.execute(f"insert into matched select '{segment.name}', customer_id from {_MART} where {segment.where}")
        except duckdb.Error as error:
            # its text may quote a value of the row at fault
            raise ConfigurationError(
                f"where fails on the data ({type(error).__name__})", where=segment.name, do="guard the divisions and sums in it"
            ) from None
    settings = run.config.segments
    plans = {
        "segment_name": [segment.name for segment in segments],
        "channel": [segment.channel for segment in segments],
        "contact_type": [_CONTACT_TYPE[segment.channel] for segment in segments],
        "priority": [segment.priority for segment in segments],
        "holdout_below": [_below(segment.holdout) for segment in segments],
        "global_holdout_below": [_below(settings.global_holdout)] * len(segments),
        "salt": [settings.holdout_salt] * len(segments),
    }
    text = dict.fromkeys(plans, pl.String) | {"priority": pl.Int64}
    _load(connection, "plans", pl.DataFrame(plans, schema=text))
    arms = [bounds for segment in segments for bounds in _arm_bounds(segment)]
    columns = ("segment_name", "arm", "from_hash", "below_hash")
    _load(connection, "arms", pl.DataFrame(arms, schema=dict.fromkeys(columns, pl.String), orient="row"))


def _judge(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create `judged`, `ranked` and `hashes`: the steps of the gate in order."""
    _load(connection, "suppressions", read_suppressions(run))
    settings = run.config.segments
    names = {
        table.name: lake_rows(run, table)
        for table in (GOLDEN_CUSTOMERS, GOLDEN_CONSENTS, IDENTITY_CHANGES, IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT)
    }
    names |= {"as_of": _date(run), "past": _past(run), "digits": str(_HASH_DIGITS)}
    names |= {"cap_messages": str(settings.cap_messages), "cap_days": str(settings.cap_days)}
    for step in (
        steps.WANTED,
        steps.CONSENTS,
        steps.SUCCESSORS,
        steps.SUPPRESSED,
        steps.MESSAGES,
        steps.JUDGED,
        steps.RANKED,
        steps.HASHES,
    ):
        connection.execute(step.format_map(names))


def _past(run: Run) -> str:
    """SQL relation: memberships of the days before the run that share a rolling window with it."""
    days = (run.as_of - timedelta(days=back) for back in range(1, run.config.segments.cap_days))
    folder = run.home.table(SEGMENT_MEMBERSHIPS.name)
    paths = [path for path in (folder / f"as_of={day}" / "part-0.parquet" for day in days) if path.exists()]
    if not paths:
        return "(select '' as customer_id, '' as outcome where false)"
    listed = ", ".join(f"'{_quoted(str(path))}'" for path in paths)
    return f"read_parquet([{listed}], hive_partitioning = false)"


def _below(share: Decimal) -> str:
    """The hex text that `share` of all hashes are smaller than."""
    return format(int(share * 16**_HASH_DIGITS), f"0{_HASH_DIGITS}x") if share < 1 else "g"


def _arm_bounds(segment: Segment) -> list[tuple[str, str, str, str]]:
    """Half-open ranges of the arm's hash, in the order of the names so that reordering a file moves nobody."""
    bounds, start = [], Decimal(0)
    for arm, share in sorted(segment.arms.items()):
        bounds.append((segment.name, arm, _below(start), _below(start + share)))
        start += share
    return bounds


def _load(connection: duckdb.DuckDBPyConnection, name: str, frame: pl.DataFrame) -> None:
    """Create the table `name`. By way of a file: handing a frame over imports pyarrow and pandas, which takes seconds."""
    [(staging,)] = connection.execute("select current_setting('temp_directory')").fetchall()
    path = Path(staging) / f"{name}.parquet"
    frame.write_parquet(path)
    connection.execute(f"create table {name} as select * from read_parquet('{_quoted(str(path))}')")


def _date(run: Run) -> str:
    return f"date '{run.as_of.isoformat()}'"


def _quoted(text: str) -> str:
    return text.replace("'", "''")
