"""The gate: the one place that decides who is on a list. Decides, counts and stores; writes no list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from decimal import Decimal

import duckdb
import polars as pl

from pipelines.contracts.engine import create_from_frame, instant, lake_rows, literal, open_engine, stored_rows, write_query
from pipelines.contracts.errors import CdpError
from pipelines.contracts.identity_tables import (
    GOLDEN_CONSENTS,
    GOLDEN_CUSTOMERS,
    IDENTITY_CONTACT_POINTS,
    IDENTITY_CURRENT,
)
from pipelines.contracts.redirections import redirections
from pipelines.contracts.run import Run
from pipelines.contracts.segment_changes import decided_path
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS, SEGMENT_ASSIGNMENTS, SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import DefinitionError, Definitions, Segment, SegmentReport, Waterfall
from pipelines.contracts.storage import sync_folder
from pipelines.segments import steps
from pipelines.segments.faults import write_faults
from pipelines.segments.ledger import write_ledger
from pipelines.segments.offers import check_offers
from pipelines.segments.past import past_memberships
from pipelines.segments.reading import read_definitions
from pipelines.segments.refusals import add_refusals
from pipelines.segments.suppressions import read_suppressions
from pipelines.segments.units import households, unit_of

_MART = "marts.main.mart_marketing__customer_360"
# channel of a segment -> type of the contact point that it reaches
_CONTACT_TYPE: Mapping[str, str] = {"sms": "phone", "email": "email"}
_HASH_DIGITS = 12
# more messages than anybody is ever sent
_NEVER = 2**31


def mart_columns(run: Run) -> dict[str, str]:
    """Column -> DuckDB type of the customer mart.

    Raises CdpError when dbt has not built it.
    """
    with open_engine(run, "segments") as connection:
        _attach_marts(connection, run)
        return {name: kind for name, kind, *_ in connection.execute(f"describe {_MART}").fetchall()}


def decide_memberships(run: Run, segments: Sequence[Segment] | None = None) -> SegmentReport:
    """Match the segments that are valid on the day, send the matches through the gate, store `segment_memberships` of the day.

    Without `segments`, all definitions of the configuration are read and checked first, and `segment_faults` of the day says which
    cannot be used. A segment with a fault, or whose `where` fails on the data, is left out, and the others are decided without it.
    One row a segment and matched customer; the partition of the day is replaced whole, and so is `contact_ledger`. The same inputs and
    day give the same rows. In a run of an hour they are `hourly_memberships` of the hour, and `segments` are those whose lists are made
    every hour. Raises CheckFailedError when two lists promise a customer different things; the memberships of the day are then as they
    were.
    """
    read = read_definitions(run.config.segments.folders, mart_columns(run)) if segments is None else Definitions(tuple(segments))
    wanted = sorted((segment for segment in read.segments if segment.is_valid_on(run.as_of)), key=lambda segment: segment.name)
    path, table = decided_path(run), SEGMENT_MEMBERSHIPS if run.hour is None else HOURLY_MEMBERSHIPS
    with open_engine(run, "segments") as connection:
        _attach_marts(connection, run)
        valid, failed = _match(connection, wanted)
        faults = (*read.faults, *failed)
        _plan(connection, run, valid)
        _judge(connection, run)
        check_offers(connection, valid)
        contaminated = dict(connection.execute(steps.CONTAMINATED).fetchall())
        if segments is None:
            write_faults(run, faults)
        write_query(connection, steps.DECIDED.format(hour=_hour(run), as_of=_date(run)), table, path)
        sync_folder(path.parent.parent)
        query = f"select segment_name, outcome, count(*) from read_parquet({literal(str(path))}) group by all"
        counts = connection.execute(query).fetchall()
    outcomes = {segment.name: {outcome: count for name, outcome, count in counts if name == segment.name} for segment in valid}
    waterfalls = {name: Waterfall.of_outcomes(found) for name, found in outcomes.items()}
    return SegmentReport(run.as_of, waterfalls, {name: contaminated.get(name, 0) for name in waterfalls}, faults)


def _attach_marts(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    try:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        connection.execute(f"select 1 from {_MART} limit 0")
    except duckdb.Error as error:
        raise CdpError(
            f"cannot be read: {str(error).splitlines()[0]}", where=str(run.home.marts), do="build the marts with dbt, and close them"
        ) from error


def _match(connection: duckdb.DuckDBPyConnection, segments: Sequence[Segment]) -> tuple[list[Segment], list[DefinitionError]]:
    """Create `matched (segment_no, customer_no)`: segments by their place among those that are returned, customers by their row.

    Returned are the segments whose expression could be evaluated for all customers, and why the others could not.
    """
    connection.execute("create table matched (segment_no integer, customer_no bigint)")
    matched: list[Segment] = []
    faults = []
    for segment in segments:
        try:
            connection.execute(f"insert into matched select {len(matched)}, rowid from {_MART} where {segment.where}")
            matched.append(segment)
        except (duckdb.DataError, duckdb.ProgrammingError) as error:  # not of the disk or the memory, which is no fault of the expression
            # its text may quote a value of the row at fault
            what = f"where fails on the data ({type(error).__name__})"
            faults.append(DefinitionError(segment.name, what, where="data", do="guard the sums and products in it"))
    return matched, faults


def _plan(connection: duckdb.DuckDBPyConnection, run: Run, segments: Sequence[Segment]) -> None:
    """Create `plans`, one row a segment, `ways`, and `arms` with the range of hashes of each arm."""
    settings = run.config.segments
    by_priority = sorted(segments, key=lambda segment: (segment.priority, segment.name))
    plans = {
        "segment_no": list(range(len(segments))),
        "segment_name": [segment.name for segment in segments],
        "channel": [segment.channel for segment in segments],
        "contact_type": [_CONTACT_TYPE[segment.channel] for segment in segments],
        "purpose": [segment.purpose for segment in segments],
        "place": [by_priority.index(segment) for segment in segments],
        "holdout_below": [_below(segment.holdout) for segment in segments],
        # the global holdout is of marketing
        "global_holdout_below": [_below(settings.global_holdout if segment.purpose == "marketing" else Decimal(0)) for segment in segments],
        "salt": [settings.holdout_salt] * len(segments),
        "is_hourly": [segment.cadence == "hourly" for segment in segments],
    }
    kinds = dict.fromkeys(plans, pl.String) | dict.fromkeys(("segment_no", "place"), pl.Int64) | {"is_hourly": pl.Boolean}
    create_from_frame(connection, "planned", pl.DataFrame(plans, schema=kinds))
    connection.execute(steps.WAYS)
    arms = [(number, *bounds) for number, segment in enumerate(segments) for bounds in _arm_bounds(segment)]
    columns = {"segment_no": pl.Int64, "arm": pl.String, "from_hash": pl.String, "below_hash": pl.String}
    create_from_frame(connection, "arms", pl.DataFrame(arms, schema=columns, orient="row"))


def _judge(connection: duckdb.DuckDBPyConnection, run: Run) -> None:
    """Create the tables of the steps of the gate, in order, up to `assigned`."""
    suppressed = read_suppressions(run).with_columns(medium=pl.lit(None, pl.String), is_of_marketing=pl.lit(value=False))
    create_from_frame(connection, "suppressions", suppressed)
    add_refusals(connection, run.whole_day)
    connection.execute(f"create table redirections as select * from {redirections(run)}")
    write_ledger(connection, run)
    for step in _STEPS:
        connection.execute(step.format_map(_names(run)))


def _names(run: Run) -> dict[str, str]:
    """What the texts of the steps leave open."""
    settings = run.config.segments
    tables = (GOLDEN_CUSTOMERS, GOLDEN_CONSENTS, IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT)
    return {table.name: lake_rows(run, table) for table in tables} | {
        "mart": _MART,
        "sends": "marts.main.fct_sends",
        "households": households(run),
        "assignments": stored_rows(run, SEGMENT_ASSIGNMENTS),
        "unit": unit_of("mart", settings.holdout_unit),
        "as_of": _date(run),
        "as_of_end_at": instant(run.as_of_end_at),
        "used_on": f"date {literal(run.used_on.isoformat())}",
        "past": past_memberships(run, run.as_of - timedelta(days=settings.hourly_repeat_hours // 24 + 2)),
        "repeat_hours": str(settings.hourly_repeat_hours),
        "zone": literal(run.config.business_time_zone),
        "digits": str(_HASH_DIGITS),
        "cap_messages": str(settings.cap_messages),
        "cap_days": str(settings.cap_days),
        "stop_after": str(settings.stop_after_unanswered or _NEVER),
    }


_STEPS = (
    *(steps.PEOPLE, steps.CONSENTS, steps.SUPPRESSED, steps.MESSAGES, steps.STANDING),
    *(steps.DECIDED_BEFORE, steps.FIRSTS, steps.WON, steps.ASSIGNED, steps.EXPORTED),
)


def _below(share: Decimal) -> str:
    """The hex text that `share` of all hashes are smaller than."""
    return format(int(share * 16**_HASH_DIGITS), f"0{_HASH_DIGITS}x") if share < 1 else "g"


def _arm_bounds(segment: Segment) -> list[tuple[str, str, str]]:
    """Half-open ranges of the arm's hash, in the order of the names so that reordering a file moves nobody."""
    bounds, start = [], Decimal(0)
    for arm, share in sorted(segment.arms.items()):
        bounds.append((arm, _below(start), _below(start + share)))
        start += share
    return bounds


def _hour(run: Run) -> str:
    """The columns that memberships of an hour have besides."""
    if run.hour is None:
        return ""
    night = run.hour.night.isoformat()
    return f"{literal(run.moment)} as list_name, {instant(run.as_of_end_at)} as listed_at, date {literal(night)} as night_on,"


def _date(run: Run) -> str:
    return f"date {literal(run.as_of.isoformat())}"
