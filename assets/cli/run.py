"""`cdp run`: the jobs of the schedule, executed in this process."""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import dagster as dg
from dagster._core.errors import DagsterAssetCheckFailedError  # has no public name

from assets.cli.erasing import finishing_erasures
from assets.cli.progress import Display, ShownProgress
from assets.delivery import deliver_day
from assets.records import check_outcomes, failed_step, hour_records, read_record, run_id, run_inputs, write_failure
from assets.resources import HomeResource, not_writable, only_command, only_run
from pipelines.channels import covered_days, delivery_problems, is_interrupted, recent_drifts, unsettled_files, waiting_files
from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError, CheckFailedError, ConfigurationError, DeliveryError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.storage import is_disk_full
from pipelines.erasure import unfinished_erasures
from pipelines.publish import Delivered, Undelivered, check_destinations, deliveries_of, newest_published_day, verify_publication
from pipelines.rehearsal import remove_left_shadows
from pipelines.segments import read_definitions

# nothing is sent anywhere, no newsletter is offered, and one run at a time touches the warehouse; steps print nothing, and to
# capture that would start two `tail` processes a step, which outlive a run that is killed; the event log stays open, because
# Dagster's own takes a fifth of a small run
_DAGSTER_YAML = """\
telemetry: {enabled: false}
nux: {enabled: false}
concurrency: {runs: {max_concurrent_runs: 1}}
compute_logs: {module: dagster._core.storage.noop_compute_log_manager, class: NoOpComputeLogManager}
event_log_storage: {module: assets.event_log, class: OpenEventLog, config: {dagster_home: {env: DAGSTER_HOME}}}
"""

# the display tells progress and errors end in one line; Dagster's own log is in its instance
_QUIET = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}

_NO_ROOM_BYTES = 1 << 20  # less than one write of a database


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run left behind. `is_new` is false when everything had been published before. `undelivered`: files that did not arrive."""

    home: Home
    record: dict[str, Any]
    is_new: bool
    as_of_was_chosen: bool
    drifts: list[dict[str, str]]
    delivered: tuple[Delivered, ...]
    undelivered: tuple[Undelivered, ...]


def run_job(home: Path | None, deliveries: Path | None, as_of: date | None, config: Path | None, *, force: bool) -> Outcome:
    """Load what is new, then run `refresh_daily` for one day unless it was published from the same inputs before.

    Raises ConfigurationError (nothing to run on, wrong day), DeliveryError (a file problem that the configuration calls
    fatal), CheckFailedError (a red check kept the publish back).
    """
    resource = _home_resource(home, deliveries, config)
    folders, settings = resource.home(), resource.config()
    remove_left_shadows(folders)
    if not folders.deliveries.is_dir():
        raise ConfigurationError("no such folder", where=str(folders.deliveries), do="put the exports there, or name it with --deliveries")
    check_destinations(settings.publish, read_definitions(settings.segments.folders))
    with only_command(folders), finishing_erasures(folders, settings):
        return _run_jobs(resource, folders, settings, as_of, force=force)


def executed_hour(home: Path | None, deliveries: Path | None, config: Path | None, at: str | None) -> tuple[Home, dict[str, Any] | None]:
    """Execute `refresh_hourly`; give the record of the hour that it has published, None where there was nothing new.

    Raises ConfigurationError for an inbox that is not there and an instant that cannot be, CheckFailedError for a red check.
    """
    resource = _home_resource(home, deliveries, config)
    folders, settings = resource.home(), resource.config()
    remove_left_shadows(folders)
    if not folders.deliveries.is_dir():
        raise ConfigurationError("no such folder", where=str(folders.deliveries), do="put the exports there, or name it with --deliveries")
    check_destinations(settings.publish, read_definitions(settings.segments.folders))
    with only_command(folders):
        if unfinished_erasures(folders):
            raise ConfigurationError("an erasure is under way", where=str(folders.root), do="`cdp forget` or `cdp run` finishes it first")
        before = {record["run_id"] for record in hour_records(folders)}
        with _instance(folders) as instance:
            _execute("refresh_hourly", resource, instance, None, {"ops": {"hourly": {"config": {"at": at or ""}}}})
        new = [record for record in hour_records(folders) if record["run_id"] not in before]
    return folders, new[-1] if new else None


def _run_jobs(resource: HomeResource, folders: Home, settings: Config, as_of: date | None, *, force: bool) -> Outcome:
    # before the run is named, because its name says what was read
    if waiting_files(folders) or is_interrupted(folders) or unsettled_files(folders, settings):
        with _instance(folders) as instance:
            _execute("load_deliveries", resource, instance, None)
    _stop_on_fatal_problems(folders, settings.channels.fatal)
    run = resource.run(business_day(folders, as_of).isoformat())
    identifier = run_id(run_inputs(run))
    known = None if force else _intact_record(run, identifier)
    if known is not None:
        if newest_published_day(folders) == run.as_of:
            with only_run(folders):
                deliver_day(folders, settings, run.as_of)
        return _outcome(folders, settings, known, is_new=False, as_of=as_of)
    with _instance(folders) as instance:
        _execute("refresh_daily", resource, instance, run.as_of.isoformat())
    published = read_record(folders, identifier)
    if published is None:
        raise CdpError("the job ended without a run record", where=str(folders.runs), do="look at the run with `make ui`")
    return _outcome(folders, settings, published, is_new=True, as_of=as_of)


def _outcome(home: Home, config: Config, record: dict[str, Any], *, is_new: bool, as_of: date | None) -> Outcome:
    delivered, undelivered = deliveries_of(home, date.fromisoformat(record["as_of"]))
    return Outcome(home, record, is_new, as_of is None, recent_drifts(home, config), delivered, undelivered)


def _home_resource(home: Path | None, deliveries: Path | None, config: Path | None) -> HomeResource:
    folders = {"root": str(home or ""), "deliveries": str(deliveries or ""), "config_file": str(config or "")}
    return HomeResource(**folders, finishes_erasures=True)


def _intact_record(run: Run, identifier: str) -> dict[str, Any] | None:
    record = read_record(run.home, identifier)
    return record if record is not None and not verify_publication(run.home, record) else None


def business_day(home: Home, as_of: date | None) -> date:
    """The day to run: `as_of`, else the newest that the loaded files cover. Raises ConfigurationError for a day before all of them."""
    covered = covered_days(home)
    if covered is None:
        raise ConfigurationError(
            "no file holds a dated fact (order, payment, event)",
            where=str(home.deliveries),
            do="see `cdp status` for what was refused and why",
        )
    oldest, newest = covered
    if as_of is not None and as_of < oldest:
        raise ConfigurationError(f"as_of {as_of} is before the first fact, {oldest}", where="--as-of", do=f"choose a day from {oldest} on")
    return as_of or newest


def _stop_on_fatal_problems(home: Home, fatal: frozenset[str]) -> None:
    problems = [problem for problem in delivery_problems(home) if problem.kind in fatal]
    if problems:
        first = problems[0]
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        raise DeliveryError(f"{first.reason}{more}", where=first.path, do="mend or remove the file, or take the kind out of channels.fatal")


@contextmanager
def _instance(home: Home) -> Iterator[dg.DagsterInstance]:
    """The Dagster instance of the home, so that `make ui` shows runs that the command line started."""
    folder = Path(os.environ.get("DAGSTER_HOME") or home.dagster)
    prepare_dagster_home(folder)
    os.environ["DAGSTER_HOME"] = str(folder)
    with telling_of_full_disk(home), dg.DagsterInstance.get() as instance:
        yield instance


@contextmanager
def telling_of_full_disk(home: Home) -> Iterator[None]:
    """Whoever meets it first says it in a way of its own: Dagster's SQLite, dbt's DuckDB, Polars, the file system."""
    try:
        yield
    except Exception as error:
        # SQLite's may be no more than "disk I/O error", hence the second look
        is_full = is_disk_full(error) or shutil.disk_usage(home.root).free < _NO_ROOM_BYTES
        if isinstance(error, CdpError) or not is_full:
            raise
        what = "the disk is full; what was published before is unchanged"
        raise CdpError(what, where=str(home.root), do="free space and run again, nothing is lost") from error


def prepare_dagster_home(folder: Path) -> None:
    """Make the folder with its `dagster.yaml`; one that is there stays as it is."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "dagster.yaml"
        if not settings.exists():
            settings.write_text(_DAGSTER_YAML, encoding="utf-8")
    except OSError as error:
        raise not_writable(folder, error) from error


def _execute(
    job_name: str, home: HomeResource, instance: dg.DagsterInstance, partition: str | None, settings: Mapping[str, Any] | None = None
) -> None:
    """Execute a job of the code location in this process; raise its first error as an error for people."""
    from assets.definitions import defs

    execute(defs().resolve_job_def(job_name), home, instance, partition, settings)


def execute(
    job: dg.JobDefinition,
    home: HomeResource,
    instance: dg.DagsterInstance,
    partition: str | None,
    settings: Mapping[str, Any] | None = None,
) -> None:
    """Execute `job` in this process; raise its first error as an error for people.

    Raises CheckFailedError for red checks, KeyboardInterrupt when a signal stopped it.
    """
    identifier = str(uuid.uuid4())
    with Display(len(job.graph.nodes)) as display:
        instance.add_event_listener(identifier, lambda entry: display.step(entry.dagster_event) if entry.dagster_event else None)
        try:
            job.execute_in_process(
                instance=instance,
                partition_key=partition,
                run_id=identifier,
                resources={"home": home, "progress": ShownProgress(display)},
                run_config={**_QUIET, **(settings or {})},
            )
        except dg.DagsterExecutionInterruptedError as signal:  # of Ctrl-C and of SIGTERM alike
            raise KeyboardInterrupt from signal
        except Exception as error:
            failure = _red_checks(instance, identifier) if isinstance(error, DagsterAssetCheckFailedError) else error
            if partition is not None:  # Dagster calls no failure hook when it raises in process
                write_failure(home.run(partition), failed_step(instance, identifier), failure)
            if failure is error:
                raise
            raise failure from error


def _red_checks(instance: dg.DagsterInstance, dagster_run_id: str) -> CheckFailedError:
    red = [f"{check}: {outcome}" for check, outcome in check_outcomes(instance, dagster_run_id).items() if outcome.startswith("failed")]
    return CheckFailedError("; ".join(red), do="mend the data or the rule and run again; nothing was published")
