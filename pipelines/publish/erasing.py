"""Take a person out of what was published: rows of lists, files of destinations, databases of past days. What a list was stays provable.

`manifest.json` keeps the SHA-256 with which the list went out, and says beside it how many rows were erased since and what the file is
now; the run's record says the same, so that the publication is still told from one that somebody changed.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.contracts.home import Home
from pipelines.contracts.storage import json_bytes, replacing, write_json
from pipelines.publish.delivery import deliveries_of

_PRIVATE = 0o600
_MARK = "\ufeff"


@dataclass(frozen=True, slots=True)
class _Change:
    """Digests of a published file as it went out and as it is now, and how many rows it lost."""

    went_out: str
    now: str | None  # none: the file was removed
    row_count: int


@dataclass(frozen=True, slots=True)
class ErasedFromPublished:
    """What was taken away. `databases`: of past days, which running the day makes again.

    `delivered`: lists that lost rows now, with the places that had been given files of them; what lies there is not ours to take away.
    """

    lists: int
    rows: int
    databases: int
    delivered: tuple[str, ...]


def erase_from_published(home: Home, customer_ids: Collection[str], words: Collection[str]) -> ErasedFromPublished:
    """Take rows with one of these ids, or one of these words as a cell, out of every list that was published."""
    theirs = {*customer_ids, *words}
    lists = rows = 0
    changed: dict[str, _Change] = {}
    delivered: set[str] = set()
    for manifest in sorted((home.published / "segments").glob("*/*/manifest.json")):
        erased = _erase_from_list(manifest, theirs)
        if erased:
            delivered |= _delivered(home, manifest.parent)
        lists, rows = lists + bool(erased), rows + sum(erased.values())
        changed |= {path.relative_to(home.root).as_posix(): change for path, change in _changes(manifest)}
    _tell_records(home, changed)
    databases = list((home.published / "history").glob("*/*.duckdb"))
    for path in databases:
        path.unlink()
    return ErasedFromPublished(lists, rows, len(databases), tuple(sorted(delivered)))


def _delivered(home: Home, folder: Path) -> set[str]:
    """`<folder of the list> at <place>` of everything that was delivered of a list."""
    name = f"{folder.parent.name}/{folder.name}"
    entries, _ = deliveries_of(home, folder.parent.name)
    return {f"{name} at {entry.place}" for entry in entries if entry.name.startswith(f"{name}/")}


def _erase_from_list(manifest: Path, theirs: Collection[str]) -> dict[str, int]:
    """Rows that each file of a list lost. The manifest is written before a file: who is killed between begins with the same rows.

    Files of destinations hold people as hashes, in archives and workbooks, and nobody who is not on the list or has just left it: of a
    list that loses somebody they go whole, before the rows by which that is seen.
    """
    value = json.loads(manifest.read_bytes())
    own = [name for name, told in sorted(value["files"].items()) if "destination" not in told]
    kept = {
        name: _without(manifest.with_name(name).read_bytes().decode("utf-8"), theirs) for name in own if manifest.with_name(name).exists()
    }
    lost = {name: count for name, (_, count) in kept.items() if count}
    if lost:
        _remove_destination_files(manifest, value)
    for name, count in lost.items():
        content = kept[name][0].encode()
        told = value.setdefault("erased", {}).setdefault(name, {"row_count": 0})
        digest = hashlib.sha256(content).hexdigest()
        if told.get("sha256") != digest:
            told |= {"sha256": digest, "byte_count": len(content), "row_count": told["row_count"] + count}
        write_json(manifest, value, mode=_PRIVATE)
        with replacing(manifest.with_name(name), mode=_PRIVATE) as beside:
            beside.write_bytes(content)
    return lost


def _remove_destination_files(manifest: Path, value: dict[str, Any]) -> None:
    """`sha256` null says that the file is gone with all its rows."""
    theirs = {name: told for name, told in value["files"].items() if "destination" in told}
    if theirs:
        gone = {name: {"sha256": None, "byte_count": 0, "row_count": told["row_count"]} for name, told in theirs.items()}
        value["erased"] = value.get("erased", {}) | gone
        write_json(manifest, value, mode=_PRIVATE)
        for name in theirs:
            manifest.with_name(name).unlink(missing_ok=True)


def _without(content: str, theirs: Collection[str]) -> tuple[str, int]:
    """The text of a list without the rows of the person, every other byte as it was."""
    kept, lost = [], 0
    for row in _rows(content):
        [cells] = csv.reader(io.StringIO(row.removeprefix(_MARK), newline=""))
        # a list puts an apostrophe before what a spreadsheet would take for a number
        if not {cell.removeprefix("'") for cell in cells}.isdisjoint(theirs):
            lost += 1
        else:
            kept.append(row)
    return "".join(kept), lost


def _rows(content: str) -> Iterator[str]:
    """Rows with their ends: a line break inside quotes ends none."""
    row = ""
    for line in content.splitlines(keepends=True):
        row += line
        if row.count('"') % 2 == 0:
            yield row
            row = ""
    if row:
        yield row


def _changes(manifest: Path) -> Iterator[tuple[Path, _Change]]:
    """The files of a list that lost rows, now or earlier, and their manifest."""
    value = json.loads(manifest.read_bytes())
    erased = value.pop("erased", {})
    if erased:
        # a manifest is written in one way, so without what was added it is what went out
        yield manifest, _Change(hashlib.sha256(json_bytes(value)).hexdigest(), hashlib.sha256(manifest.read_bytes()).hexdigest(), 0)
    for name, told in erased.items():
        yield manifest.with_name(name), _Change(value["files"][name]["sha256"], told["sha256"], told["row_count"])


def _tell_records(home: Home, changed: Mapping[str, _Change]) -> None:
    """Write into the records of the runs that published these very files what they are now. The digests of what went out stay."""
    for path in sorted((*home.runs.glob("*.json"), *home.hours.glob("*.json"))):
        record = json.loads(path.read_bytes())
        went_out = record.get("files", {})
        erased = {
            name: {"sha256": change.now, "row_count": change.row_count}
            for name, change in changed.items()
            if went_out.get(name) == change.went_out
        }
        if erased and erased != record.get("erased_files"):
            write_json(path, {**record, "erased_files": erased})
