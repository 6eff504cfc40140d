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


def begin_build(home: Home, facts: BuildFacts) -> Path | None:
    """Take the record of the last whole build away; give it, where this build may continue that one, else None."""
    record, taken = _record(home), _record(home).with_name("continued_build.json")
    taken.unlink(missing_ok=True)
    if not record.exists():
        return None
    record.replace(taken)
    last = _read(taken)
    is_there = home.warehouse.exists() and home.marts.exists()
    return taken if is_there and last is not None and facts.may_continue(last) else None


def finish_build(home: Home, facts: BuildFacts) -> None:
    """Write the record: every model is built as of these facts."""
    write_json(_record(home), asdict(facts))
    _record(home).with_name("continued_build.json").unlink(missing_ok=True)


def _record(home: Home) -> Path:
    return home.warehouse.with_name("whole_build.json")


def _read(path: Path) -> BuildFacts | None:
    """None for a record of another version of this project, or one that somebody spoiled."""
    try:
        value: dict[str, Any] = json.loads(path.read_bytes())
        instants = {name: datetime.fromisoformat(value[name]) for name in ("as_of_end_at", "exported_before_at")}
        return BuildFacts(**(value | instants | {"as_of": date.fromisoformat(value["as_of"])}))
    except (ValueError, TypeError, KeyError):
        return None
