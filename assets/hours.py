"""An hour: the lists that do not wait for the night, decided in a shadow of the home and published into a folder of their own.

The gate is that of the night. What it reads is the lake of the last night, completed by what came since; the shadow goes when the hour
is decided, and the home keeps memberships, rows of the ledger, a record, and the lists, in this order: whatever is interrupted has left
no list of which it is not known who is on it.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl

from assets.declared import declared_columns
from assets.inputs import keep_inputs
from assets.project import code_version
from assets.records import hour_id, hour_inputs, hour_path, hour_records, newest_record, record_path
from expectations import validate_table
from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError, CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.hours import Hour
from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.run import Run, last_run
from pipelines.contracts.segment_changes import decided_path
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS
from pipelines.contracts.segments import DefinitionError, Definitions, Segment
from pipelines.contracts.storage import replacing, write_json, write_table
from pipelines.golden import build_consents
from pipelines.hourly import HourReport, Night, newest_fact_at, prepare_hour
from pipelines.ledger import append, published_entries
from pipelines.publish import PublishReport, check_destinations, is_hour_published, publish_hour, verify_publication
from pipelines.rehearsal import shadow_of
from pipelines.segments import decide_memberships, read_definitions, settle_assignments

_MINUTE = timedelta(minutes=1)
# what may differ between two refreshes that have nothing new to tell
_WHEN = frozenset({"as_of", "hour", "at"})


@dataclass(frozen=True, slots=True)
class Refreshed:
    """The record of an hour, None where nothing came since the night. `is_new` is false when it had been published before."""

    record: dict[str, Any] | None
    is_new: bool


def refresh(home: Home, config: Config, reference: Path, at: str | None) -> Refreshed:
    """Publish the lists of the hour `at`, by default of the newest fact that is loaded, unless there is nothing new to decide.

    `at` is an instant to the minute, as 2026-10-31T14:00, in the time zone of the business unless it names another. Raises
    ConfigurationError for an instant that is none, or lies before the end of the night or a list that is out; CdpError where the lake is
    not that of a published night; CheckFailedError when a check is red.
    """
    definitions = read_definitions(config.segments.folders, declared_columns())
    check_destinations(config.publish, definitions)
    night, night_run_id = last_night(home, config, reference)
    _begin_table(home)
    _remove_unpublished(home)
    records = hour_records(home)
    asked = _instant(at, config.business_time_zone) if at else None
    run = hour_run(night.run, asked or _newest(night, records))
    inputs = hour_inputs(run, night_run_id)
    known = _known(home, records, inputs, is_asked=asked is not None)
    if known is not None or (asked is None and set(inputs["loads"]) == set(night.loads)):
        return Refreshed(known, is_new=False)
    _check_instant(run, records, hour_id(inputs))
    hourly = hourly_definitions(definitions)
    with shadow_of(home) as shadow:
        aside = replace(run, home=shadow.publishing_into(home))
        people, faults = decide_hour(aside, night, hourly.segments)
        _check_memberships(aside)
        with replacing(decided_path(run)) as beside:
            shutil.copyfile(decided_path(aside), beside)
        return Refreshed(_publish(run, aside, hourly.without(faults), inputs, people), is_new=True)


def last_night(home: Home, config: Config, reference: Path) -> tuple[Night, str]:
    """The night that the next hour follows, and the id of its run: the newest published one, if the lake is as it left it.

    Raises ConfigurationError where nothing was published, CdpError where another run has worked on the lake since.
    """
    record = newest_record(home)
    if record is None:
        raise ConfigurationError("nothing was published yet", where=str(home.root), do="`cdp run` first: an hour follows a night")
    run = last_run(home, config, reference)
    state = home.table(IDENTITY_CURRENT.name) / "part-0.parquet"
    published_ns = record_path(home, record["run_id"]).stat().st_mtime_ns  # written last
    if run.as_of != date.fromisoformat(record["as_of"]) or state.stat().st_mtime_ns > published_ns:
        what = f"a run for {run.as_of} has worked here since {record['as_of']} was published"
        raise CdpError(what, where=str(home.root), do=f"`cdp run --as-of {record['as_of']}`, or the night, and refresh again")
    return Night(run, tuple(record["loads"]), home.root / record["analytics"]), str(record["run_id"])


def hour_run(night: Run, at: datetime) -> Run:
    """The run of the hour that ends at `at`; its day is the day of that instant."""
    day = at.astimezone(ZoneInfo(night.config.business_time_zone)).date()
    return replace(night, as_of=day, hour=Hour(at.astimezone(UTC), night.as_of))


def hourly_definitions(definitions: Definitions) -> Definitions:
    """The segments whose lists are made every hour, and whatever is left out. Raises ConfigurationError where there are none."""
    found = tuple(segment for segment in definitions.segments if segment.cadence == "hourly")
    if not found:
        raise ConfigurationError("no segment has the cadence hourly", where="segments", do="give `cadence: hourly` to one")
    return Definitions(found, definitions.faults)


def decide_hour(run: Run, night: Night, segments: Sequence[Segment]) -> tuple[HourReport, tuple[DefinitionError, ...]]:
    """Decide the memberships of the hour in the shadow `run.home`, which begins as the lake after the night.

    Returns what came since the night, and which segments fail on the data.
    """
    people = prepare_hour(run, night, sorted({column for segment in segments for column in segment.columns}))
    build_consents(run)
    settle_assignments(run)
    return people, decide_memberships(run, segments).faults


def night_database(shadow: Home) -> Path:
    """The marts that a night has built in a shadow, moved out of the way of those of the hour."""
    return shadow.marts.replace(shadow.marts.with_name("night.duckdb"))


def _instant(text: str, zone: str) -> datetime:
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        at = None
    if at is None or at.second or at.microsecond or "T" not in text:
        raise ConfigurationError(f"{text!r} is no instant to the minute", where="--at", do="write it as 2026-10-31T14:00")
    return (at if at.tzinfo else at.replace(tzinfo=ZoneInfo(zone))).astimezone(UTC)


def _newest(night: Night, records: Sequence[Mapping[str, Any]]) -> datetime:
    """The first whole minute after the newest fact, the night and every list that is out."""
    newest = newest_fact_at(night.run) or night.run.as_of_end_at
    after = [newest.replace(second=0, microsecond=0) + _MINUTE, night.run.as_of_end_at]
    return max(*after, *(datetime.fromisoformat(record["at"]) + _MINUTE for record in records[-1:]))


def _known(home: Home, records: Sequence[dict[str, Any]], inputs: Mapping[str, Any], *, is_asked: bool) -> dict[str, Any] | None:
    """The hour that was published of the same: of the very inputs; of what is not asked for by its instant, the last, of the same files."""
    if is_asked:
        same = [record for record in records if record["run_id"] == hour_id(inputs)]
    else:
        same = [record for record in records[-1:] if all(record[name] == inputs[name] for name in inputs.keys() - _WHEN)]
    return next((record for record in same if not verify_publication(home, record)), None)


def _check_instant(run: Run, records: Sequence[Mapping[str, Any]], identifier: str) -> None:
    night = last_run(run.home, run.config, run.reference)
    if run.as_of_end_at < night.as_of_end_at:
        what = f"{run.moment} is before the end of {night.as_of}, which is published"
        raise ConfigurationError(what, where="--at", do="name a later instant")
    if records and datetime.fromisoformat(records[-1]["at"]) >= run.as_of_end_at and records[-1]["run_id"] != identifier:
        raise ConfigurationError(f"lists of {records[-1]['hour']} are out already", where="--at", do="name a later instant")


def _check_memberships(run: Run) -> None:
    engine = run.config.engine
    verdict = validate_table(HOURLY_MEMBERSHIPS.name, str(decided_path(run)), memory_limit=engine.memory_limit, threads=engine.threads)
    if not verdict.passed:
        told = "; ".join(map(str, verdict.failures))
        raise CheckFailedError(told, where=HOURLY_MEMBERSHIPS.name, do="mend the data or the rule; nothing was published")


def _publish(run: Run, aside: Run, definitions: Definitions, inputs: Mapping[str, Any], people: HourReport) -> dict[str, Any]:
    """Publish from the shadow, with the rows of the ledger and the record written before the lists are in their place."""
    identifier = hour_id(inputs)
    record: dict[str, Any] = {}

    def note(report: PublishReport, lists: Path) -> None:
        head = append(run.home, published_entries(run.home, run.as_of, identifier, report.files, lists))
        told = {name: value for name, value in report.as_record().items() if name in {"files", "segments", "notices", "left_out"}}
        kept = {"kept_inputs": keep_inputs(run), "people": asdict(people), "ledger": head.as_record()}
        record.update({"run_id": identifier, **inputs, **told, **kept})
        write_json(hour_path(run.home, identifier), record)

    publish_hour(aside, identifier, definitions, code_version(), inputs["loads"], note)
    return record


def _begin_table(home: Home) -> None:
    """A table without rows, so that its suite has something to judge before the first hour."""
    path = home.table(HOURLY_MEMBERSHIPS.name) / "part-0.parquet"
    if not path.exists():
        write_table(pl.DataFrame(schema=HOURLY_MEMBERSHIPS.schema), HOURLY_MEMBERSHIPS, path)


def _remove_unpublished(home: Home) -> None:
    """Forget an hour that was killed before its lists were out: nobody was given one, so nobody was written to."""
    for record in hour_records(home)[-1:]:
        if not is_hour_published(home, record["hour"]):
            hour_path(home, record["run_id"]).unlink()
    known = {record["hour"] for record in hour_records(home)}
    for path in home.table(HOURLY_MEMBERSHIPS.name).glob("night=*/at=*"):
        if path.name.removeprefix("at=") not in known:
            shutil.rmtree(path)
