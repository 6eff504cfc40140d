"""The file of the ledger: append to it, read it. A text file beside the lake, because it outlives every table that is built anew.

A crash leaves at most a last line without its end. What was to be recorded by it did not leave: files are put into their place after
their row is safe. The next append sets such a line aside, as `unfinished-<n>`, and goes on from the last whole one.

`head.json` notes the last row after each append. Where it knows of rows that are not there any more, the next append writes that down
first, as a row of kind break, and so the fault is told for ever.
"""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import sync_folder, write_json
from pipelines.ledger.rows import Entry, Head, Row, read_line, seal

_PRIVATE_FILE, _PRIVATE_FOLDER = 0o600, 0o700
_ADVICE = "make room or mend the permissions, and do it again; nothing was handed out"


def book_of(home: Home) -> Path:
    """The file of all rows."""
    return home.ledger / "exports.jsonl"


def append(home: Home, entries: Sequence[Entry]) -> Head:
    """Seal these entries, all or none, and give the new head. When it returns, they survive a power cut.

    Raises CdpError when a folder or disk does not allow it; then the file is as it was.
    """
    try:
        home.ledger.mkdir(parents=True, exist_ok=True, mode=_PRIVATE_FOLDER)
        with _alone(home):
            before = _set_aside_unfinished(home)
            noted = read_head(home)
            if noted is not None and not _holds(home, noted):
                entries = (_break(noted, before, entries), *entries)
            rows = _sealed(entries, before)
            _write(home, rows)
            head = rows[-1].head if rows else before
            write_json(home.ledger / "head.json", head.as_record(), mode=_PRIVATE_FILE)
            return head
    except OSError as error:
        raise CdpError(f"cannot be written: {error.strerror or error}", where=str(book_of(home)), do=_ADVICE) from error


def read_rows(home: Home) -> tuple[Row, ...]:
    """The rows that are whole, in the order of the file, whatever a verification says of them."""
    lines = content_of(home).split(b"\n")
    return tuple(row for row in map(read_line, lines) if row is not None)


def read_head(home: Home) -> Head | None:
    """The last row that was noted beside the file; None where nothing was, or nothing that can be read."""
    try:
        record = json.loads((home.ledger / "head.json").read_bytes())
        return Head(int(record["sequence"]), str(record["hash"]))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def content_of(home: Home) -> bytes:
    """The bytes of the file; none where there is no ledger yet."""
    return book_of(home).read_bytes() if book_of(home).exists() else b""


def _sealed(entries: Sequence[Entry], before: Head) -> list[Row]:
    rows: list[Row] = []
    for entry in entries:
        rows.append(seal(entry, rows[-1].head if rows else before))
    return rows


def _write(home: Home, rows: Sequence[Row]) -> None:
    book = book_of(home)
    is_new = not book.exists()
    handle = os.open(book, os.O_WRONLY | os.O_APPEND | os.O_CREAT, _PRIVATE_FILE)
    try:
        size = os.fstat(handle).st_size
        try:
            content = b"".join(row.as_line() for row in rows)
            while content:  # a disk that fills up takes a part
                content = content[os.write(handle, content) :]
            os.fsync(handle)
        except OSError:
            os.ftruncate(handle, size)
            raise
    finally:
        os.close(handle)
    if is_new:
        sync_folder(home.ledger)


def _set_aside_unfinished(home: Home) -> Head:
    """Cut off a last line without its end, keep it beside, and give the last row that is left."""
    content = content_of(home)
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) < len(content):
        count = len(list(home.ledger.glob("unfinished-*")))
        aside = home.ledger / f"unfinished-{count + 1}"
        aside.write_bytes(content[len(whole) :])
        aside.chmod(_PRIVATE_FILE)
        with book_of(home).open("r+b") as handle:
            handle.truncate(len(whole))
            os.fsync(handle.fileno())
    lines = whole.split(b"\n")[:-1]
    last = next((row for row in map(read_line, reversed(lines)) if row is not None), None)
    return last.head if last is not None else Head()


def _holds(home: Home, head: Head) -> bool:
    """Whether the noted row is still there. One more than was noted is the trace of a crash, and no fault.

    From the end, because nearly always it is the last one.
    """
    if head.sequence == 0:
        return True
    rows = (row for row in map(read_line, reversed(content_of(home).split(b"\n"))) if row is not None)
    found = next((row for row in rows if row.sequence <= head.sequence), None)
    return found is not None and found.head == head


def _break(noted: Head, before: Head, entries: Sequence[Entry]) -> Entry:
    as_of = max((entry.as_of for entry in entries), default="")
    return Entry(
        "break", "ledger", f"row {noted.sequence} was noted and is not there; the last row is {before.sequence}", as_of, noted.hash
    )


@contextmanager
def _alone(home: Home) -> Iterator[None]:
    """Two downloads at once are two rows, one after the other."""
    with (home.ledger / "lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
