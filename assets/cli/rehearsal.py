"""Rehearse a run: the job between loading and publishing, executed on a shadow of the home with other settings or decisions.

Nothing is written into the home but the shadow, which goes when the rehearsal ends.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import dagster as dg

from assets.cli.run import business_day, execute, telling_of_full_disk
from assets.jobs import rehearse, rehearse_unchecked
from assets.records import newest_record, read_record, record_path, run_id, run_inputs
from assets.resources import HomeResource, default_config, no_run
from pipelines.channels import is_interrupted
from pipelines.contracts.errors import CdpError, CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import IDENTITY_CURRENT
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.publish import verify_publication
from pipelines.rehearsal import Comparison, Outcome, compare_outcomes, link_file, shadow_of


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """A rehearsed run. `red_checks` tells which checks would keep it from publishing; None when it would publish."""

    outcome: Outcome
    red_checks: str | None


class Rehearsal:
    """What is, as `before`, and a shadow on which runs may be tried, one after the other.

    `run_id` is the published run whose outcome `before` is; None when that has to be rehearsed, because nothing was published from the
    present files, settings, decisions and code, or another run has worked on the home since.
    """

    def __init__(self, config_file: Path | None, as_of: date, record: Mapping[str, Any] | None, past: Home, shadow: Home) -> None:
        self.as_of, self.shadow = as_of, shadow
        self.run_id: str | None = record["run_id"] if record else None
        self._present, self._past = _resource(past, config_file), past

    @cached_property
    def before(self) -> Outcome:
        """The run under the present settings; executed here when it was not published."""
        day = self.as_of.isoformat()
        if self.run_id is None:
            print("cdp: rehearsing what is, which no run has published", file=sys.stderr)
            execute_aside(rehearse_unchecked, self._present, day)
        return Outcome(self._present.run(day), self._past.marts if self.run_id is None else self._past.analytics)

    def candidate(self, config_file: Path | None, reference: Path | None = None) -> Run:
        """The run that `rehearse` would execute. Raises ConfigurationError for settings that cannot be used."""
        return _resource(self.shadow, config_file, reference).run(self.as_of.isoformat())

    def would_be_the_same(self, run: Run) -> bool:
        """Has the run the very inputs of the present state? Then so has it its outcome."""
        return run_inputs(run) == run_inputs(self._present.run(self.as_of.isoformat()))

    def rehearse(self, config_file: Path | None, reference: Path | None = None) -> Rehearsed:
        """Run with other settings or other reviewed rows. With red checks the run goes on, so that there is something to compare."""
        resource, day = _resource(self.shadow, config_file, reference), self.as_of.isoformat()
        outcome, red = Outcome(resource.run(day), self.shadow.marts), None
        print("cdp: rehearsing what would be", file=sys.stderr)
        try:
            execute_aside(rehearse, resource, day)
        except CheckFailedError as error:
            red = error.what
            execute_aside(rehearse_unchecked, resource, day)
        return Rehearsed(outcome, red)

    def compare(self, after: Rehearsed, examples: int) -> Comparison:
        """What differs from the present state."""
        return compare_outcomes(self.before, after.outcome, examples)


@contextmanager
def rehearsing(home: Home, config_file: Path | None, as_of: date | None) -> Iterator[Rehearsal]:
    """Take a shadow of the home as it is; runs may go on beside. `config_file` are the present settings.

    Without `as_of` the day that was published last is taken. Raises ConfigurationError when nothing was loaded or the day is before
    all facts, CdpError while a run is at work.
    """
    config_file = config_file or default_config(home.root)
    with ExitStack() as stack:
        stack.enter_context(telling_of_full_disk(home))
        with no_run(home):
            run = _present_run(home, config_file, as_of)
            record = _unchanged_record(run)
            past, shadow = (stack.enter_context(shadow_of(home)) for _ in range(2))
            if record is not None:
                link_file(home.root / record["analytics"], past.analytics)
        yield Rehearsal(config_file, run.as_of, record, past, shadow)


def _present_run(home: Home, config_file: Path | None, as_of: date | None) -> Run:
    record = newest_record(home)
    if as_of is None and record is None:
        raise ConfigurationError("nothing was published yet", where=str(home.root), do="`cdp run` first, or name a day with --as-of")
    if is_interrupted(home):
        raise CdpError("loading was interrupted here", where=str(home.root), do="`cdp run` finishes it")
    day = business_day(home, as_of or date.fromisoformat(str(record and record["as_of"])))
    return _resource(home, config_file).run(day.isoformat())


def _unchanged_record(run: Run) -> dict[str, Any] | None:
    """The record of the run that published from the present inputs, if its lake and its database are still there as it left them."""
    home, identifier = run.home, run_id(run_inputs(run))
    record = read_record(home, identifier)
    if record is None or verify_publication(home, record):
        return None
    published_ns = record_path(home, identifier).stat().st_mtime_ns  # written last
    state = (home.table(IDENTITY_CURRENT.name), home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={run.as_of}")
    files = [folder / "part-0.parquet" for folder in state]
    is_its_own = all(path.exists() and path.stat().st_mtime_ns <= published_ns for path in files)
    return record if is_its_own else None


def _resource(home: Home, config_file: Path | None, reference: Path | None = None) -> HomeResource:
    return HomeResource(root=str(home.root), config_file=str(config_file or ""), reference=str(reference or ""))


def execute_aside(job: Any, resource: HomeResource, day: str) -> None:
    """Execute a job in an instance that leaves nothing behind: the runs of the user interface are those that happened."""
    from assets.definitions import defs

    with dg.DagsterInstance.ephemeral() as instance:
        definitions = dg.Definitions.merge(defs(), dg.Definitions(jobs=[job]))
        execute(definitions.resolve_job_def(job.name), resource, instance, day)
