"""The last run's lists decided once more beside the home: in a shadow of it, so that nothing is written and nothing is published."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import duckdb

from assets.cli.explain import run_of
from assets.resources import no_run
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import Segment
from pipelines.rehearsal import link_file, shadow_of
from pipelines.segments import decide_memberships


@contextmanager
def run_aside(home: Path | None, config: Path | None) -> Iterator[Run]:
    """The last run on a shadow of its home, which goes with the block. Other runs may begin meanwhile.

    Raises ConfigurationError where nothing was published of the day that the lake stands at.
    """
    with ExitStack() as stack:
        run = run_of(home, config)
        with no_run(run.home):
            database = published_database(run.home, run.as_of)
            shadow = stack.enter_context(shadow_of(run.home))
            # a published database is replaced by a rename, never written into: a link of it stays as it is
            link_file(database, shadow.marts)
        yield replace(run, home=shadow)


@contextmanager
def decided_aside(home: Path | None, config: Path | None, segments: Sequence[Segment], wanted: str) -> Iterator[Run]:
    """The same, with the memberships of the day as these segments would have them.

    Raises DefinitionError when the segment `wanted` fails on the data; others that fail are left out, as in a night.
    """
    with run_aside(home, config) as run:
        for fault in decide_memberships(run, segments).faults:
            if fault.segment_name == wanted:
                raise fault
        yield run


def published_database(home: Home, day: date) -> Path:
    """The database that was published for the day. Raises ConfigurationError where none is kept."""
    database = kept_database(home, day)
    if database is not None:
        return database
    do = "`cdp run` first" if not home.analytics.exists() else f"`cdp run --as-of {day}` makes it again"
    raise ConfigurationError(f"no database of {day} is published", where=str(home.published), do=do)


def kept_database(home: Home, day: date) -> Path | None:
    """The database that was published for the day, None when a newer one has taken its place."""
    candidates = (home.analytics, home.published / "history" / day.isoformat() / home.analytics.name)
    return next((path for path in candidates if path.exists() and published_day(path) == day), None)


def published_day(database: Path) -> date:
    """The day that a published database is of."""
    with duckdb.connect(str(database), read_only=True) as connection:
        [(day,)] = connection.execute("select as_of from about").fetchall()
    return day  # type: ignore[no-any-return]
