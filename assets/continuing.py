"""Whether a build of the warehouse may continue the last one: decided by what both are a function of. Builds nothing.

The record of the last whole build stands beside the warehouse. A build takes it away before it begins and writes its own when every model
is built: whatever was interrupted, built in part or cleared has no record, and the next build is a whole one.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any, Self

from pipelines.contracts.home import Home
from pipelines.contracts.storage import write_json


@dataclass(frozen=True, slots=True)
class BuildFacts:
    """What a build is a function of. `loads`: hash of what was read of each visible load, by its id."""

    as_of: date
    as_of_end_at: datetime
    exported_before_at: datetime
    code_version: str
    config_hash: str
    definitions_hash: str
    loads: dict[str, str]

    def may_continue(self, last: Self) -> bool:
        """Is everything that the last build saw still what it saw, and is all that is new later?

        Not on the last and the first day of a month: then a month is over by which kept rows are bounded.
        """
        return (
            (self.code_version, self.config_hash, self.definitions_hash) == (last.code_version, last.config_hash, last.definitions_hash)
            and self.as_of >= last.as_of
            and _months(self.as_of) == _months(last.as_of)
            and last.loads.items() <= self.loads.items()
        )


def _months(as_of: date) -> tuple[date, date]:
    """The month of a day, and that of the next: on its last day a month is complete."""
    return as_of.replace(day=1), (as_of + timedelta(days=1)).replace(day=1)


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a build of the warehouse, as it began. `continues`: the record of the last build, of which rows may be kept."""

    is_first: bool
    is_whole: bool
    facts: BuildFacts
    continues: Path | None


def begin_part(home: Home, facts: BuildFacts, *, is_first: bool, is_whole: bool) -> Part:
    """Begin one of the two parts of a build. The second goes on with what the first began, when that was whole and of the same facts.

    `is_whole`: none of its models is left out.
    """
    if is_first:
        continues = begin_build(home, facts)
        return Part(True, is_whole, facts, continues if is_whole else None)
    follows = is_whole and _read(_begun(home)) == facts
    continues = _continued(home) if follows and _continued(home).exists() else None
    for path in (_record(home), _begun(home)):
        path.unlink(missing_ok=True)
    return Part(False, follows, facts, continues)


def finish_part(home: Home, part: Part) -> None:
    """Every model of the part is built. After the second of a whole build its record is written."""
    if part.is_whole and part.is_first:
        write_json(_begun(home), asdict(part.facts))
    elif part.is_whole:
        finish_build(home, part.facts)


def begin_build(home: Home, facts: BuildFacts) -> Path | None:
    """Take the record of the last whole build away; give it, where this build may continue that one, else None."""
    for path in (_continued(home), _begun(home)):
        path.unlink(missing_ok=True)
    last = _read(_record(home))
    is_there = home.warehouse.exists() and home.marts.exists()
    if last is None or not is_there or not facts.may_continue(last):
        _record(home).unlink(missing_ok=True)
        return None
    _record(home).replace(_continued(home))
    return _continued(home)


def finish_build(home: Home, facts: BuildFacts) -> None:
    """Write the record: every model is built as of these facts."""
    write_json(_record(home), asdict(facts))
    _continued(home).unlink(missing_ok=True)


def _record(home: Home) -> Path:
    return home.warehouse.with_name("whole_build.json")


def _continued(home: Home) -> Path:
    """The record while a build continues it."""
    return home.warehouse.with_name("continued_build.json")


def _begun(home: Home) -> Path:
    """What a build is a function of whose first part is built."""
    return home.warehouse.with_name("begun_build.json")


def _read(path: Path) -> BuildFacts | None:
    """None where there is none, or one of another version of this project, or one that somebody spoiled."""
    try:
        value: dict[str, Any] = json.loads(path.read_bytes())
        instants = {name: datetime.fromisoformat(value[name]) for name in ("as_of_end_at", "exported_before_at")}
        return BuildFacts(**(value | instants | {"as_of": date.fromisoformat(value["as_of"])}))
    except (FileNotFoundError, ValueError, TypeError, KeyError):
        return None
