"""`cdp segments publish`: the day that was published last once more, for the sake of one list whose definition was changed.

A list alone cannot be published: who is on it hangs on all others. So the whole day runs again, and only if that moves nobody else.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import polars as pl

from assets.cli.aside import decided_aside
from assets.cli.run import run_job
from assets.cli.wording import counted
from assets.declared import declared_columns
from assets.records import newest_record, run_inputs
from assets.resources import HomeResource
from pipelines.channels import waiting_files
from pipelines.contracts.errors import CheckFailedError, ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.publish import verify_publication
from pipelines.segments import read_definitions

# what a run is a function of, besides the definitions -> what it is called
_OTHER_INPUTS: Mapping[str, str] = {
    "loads": "the files that are loaded",
    "readings_hash": "what was read of them",
    "config_hash": "the settings",
    "code_version": "the code",
}
Listed = frozenset[tuple[str, str | None]]


@dataclass(frozen=True, slots=True)
class Moves:
    """What publishing a day again would move. `others`: lists besides the one that is meant with another customer or arm on them."""

    entered: int
    left: int
    rearmed: int
    others: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        """Would every list be what it is?"""
        return not (self.entered or self.left or self.rearmed or self.others)


def publish_again(home: Path | None, config: Path | None, name: str, *, is_unsent: bool, as_json: bool) -> None:
    """Publish the newest day again with today's definition of the segment `name`.

    Raises ConfigurationError when anything but definitions has changed since, CheckFailedError when other lists would move, or when
    somebody would leave the list, who may have had the message: a message that no list remembers would not count for the cap.
    """
    resource = HomeResource(root=str(home or ""), config_file=str(config or ""))
    folders = resource.home()
    day = _only_definitions_changed(resource, folders)
    definitions = read_definitions(resource.config().segments.folders, declared_columns())
    for fault in definitions.faults:
        if fault.segment_name == name:
            raise fault
    if name not in {segment.name for segment in definitions.segments}:
        raise ConfigurationError(f"unknown segment {name!r}", where="segments", do="see `cdp segments list`")
    with decided_aside(home, config, definitions.segments, name) as aside:
        moves = moves_between(_lists(folders, day), _lists(aside.home, day), name)
    _refuse(moves, name, day, is_unsent=is_unsent)
    record = newest_record(folders)
    is_new = not moves.is_empty or record is None or bool(verify_publication(folders, record))
    if is_new:
        run_job(home, None, day, config, force=True)
    if as_json:
        print(json.dumps({"segment": name, "as_of": day, "is_new": is_new, **asdict(moves)}, default=str))
    elif is_new:
        print(f"{name} of {day} is published again: {moves.entered:,} entered, {moves.left:,} left; no other list has changed")
    else:
        print(f"{name} of {day} is what its definition gives: nothing to publish again")


def moves_between(before: Mapping[str, Listed], after: Mapping[str, Listed], name: str) -> Moves:
    """Compare the lists of two decisions on one day, as `_lists` gives them."""
    old, new = before.get(name, frozenset()), after.get(name, frozenset())
    were, are = {customer for customer, _ in old}, {customer for customer, _ in new}
    rearmed = len({customer for customer, _ in old ^ new} & were & are)
    others = sorted(other for other in before.keys() | after.keys() if other != name and before.get(other) != after.get(other))
    return Moves(len(are - were), len(were - are), rearmed, tuple(others))


def _lists(home: Home, day: date) -> dict[str, Listed]:
    """List -> customers and arms on it, as the memberships of the day say."""
    path = home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={day}" / "part-0.parquet"
    listed = pl.read_parquet(path, memory_map=False).filter(outcome="exported")
    rows = listed.group_by("segment_name").agg(pl.struct("customer_id", "arm")).iter_rows()
    return {segment: frozenset((one["customer_id"], one["arm"]) for one in customers) for segment, customers in rows}


def _only_definitions_changed(resource: HomeResource, folders: Home) -> date:
    """The day that was published last. Raises ConfigurationError where a run of it would see anything else than it saw."""
    record = newest_record(folders)
    if record is None:
        raise ConfigurationError("nothing was published yet", where=str(folders.root), do="`cdp run` first")
    inputs = run_inputs(resource.run(record["as_of"]))
    changed = [word for key, word in _OTHER_INPUTS.items() if inputs[key] != record[key]]
    if folders.deliveries.is_dir() and waiting_files(folders):
        changed.append("files that wait to be loaded")
    if changed:
        what = f"since {record['as_of']} was published, other things than definitions have changed: {', '.join(changed)}"
        raise ConfigurationError(what, where=str(folders.root), do="`cdp run` publishes all lists from them")
    return date.fromisoformat(record["as_of"])


def _refuse(moves: Moves, name: str, day: date, *, is_unsent: bool) -> None:
    if moves.others:
        what = f"{counted(len(moves.others), 'other list')} of {day} would change: {', '.join(moves.others)}"
        raise CheckFailedError(what, where=name, do="give it a later priority, or let `cdp run --force` publish the day whole")
    if (moves.left or moves.rearmed) and not is_unsent:
        what = f"{counted(moves.left, 'customer')} would leave the list of {day}, {moves.rearmed:,} change their arm"
        raise CheckFailedError(what, where=name, do="say --unsent if nobody has used that list, else wait for the next day")
