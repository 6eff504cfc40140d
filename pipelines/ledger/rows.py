"""One row of the ledger: what left, for whom, and the seal. Knows text, not files.

A line is JSON with sorted keys and without blanks, so that there is one way to write a row. Its `hash` is the SHA-256 of the line without
that key; `previous` is the hash of the row before, of the first row 64 zeros. Whoever changes, drops, adds or moves a row has to write
all later ones anew, and then other hashes than those that run records and people have noted.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

FIRST = "0" * 64
Kind = Literal["publish", "download", "delivery", "break"]


@dataclass(frozen=True, slots=True)
class Entry:
    """What one row is about, before it is sealed.

    `role` and `by` say for whom: a publish has the role run and nobody, a delivery the place that it goes to. `at` is the time of a
    download or delivery in UTC; a publish has none, as its run tells when it was. `row_count` and `columns` are null for what has none,
    such as a page.
    """

    kind: Kind
    role: str
    what: str
    as_of: str
    sha256: str
    row_count: int | None = None
    columns: tuple[str, ...] | None = None
    run_id: str | None = None
    by: str | None = None
    at: str | None = None


@dataclass(frozen=True, slots=True)
class Head:
    """The last row that somebody knew of: its number and its hash. Sequence 0 is the empty ledger."""

    sequence: int = 0
    hash: str = FIRST

    def as_record(self) -> dict[str, Any]:
        """For JSON."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Row:
    """A sealed row."""

    entry: Entry
    sequence: int
    previous: str
    hash: str

    @property
    def head(self) -> Head:
        return Head(self.sequence, self.hash)

    def as_record(self) -> dict[str, Any]:
        """All keys of the line."""
        columns = None if self.entry.columns is None else list(self.entry.columns)
        return {**asdict(self.entry), "columns": columns, "sequence": self.sequence, "previous": self.previous, "hash": self.hash}

    def as_line(self) -> bytes:
        """The line, with its end."""
        return _canonical(self.as_record()) + b"\n"


def seal(entry: Entry, before: Head) -> Row:
    """The row that follows `before`."""
    row = Row(entry, before.sequence + 1, before.hash, "")
    return Row(entry, row.sequence, row.previous, _digest(row.as_record()))


def read_line(line: bytes) -> Row | None:
    """The row of a line without its end; None where it is not one, written in the one way, with the hash that its content has."""
    try:
        record = json.loads(line)
        columns = record["columns"]
        entry = Entry(
            **{name: record[name] for name in Entry.__dataclass_fields__} | {"columns": None if columns is None else tuple(columns)}
        )
        row = Row(entry, int(record["sequence"]), str(record["previous"]), str(record["hash"]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return None
    return row if row.as_line() == line + b"\n" and row.hash == _digest(record) else None


def _digest(record: Mapping[str, Any]) -> str:
    return hashlib.sha256(_canonical({name: value for name, value in record.items() if name != "hash"})).hexdigest()


def _canonical(record: Mapping[str, Any]) -> bytes:
    # ASCII: no character of a name can look like the end of a line
    return json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=True).encode()
