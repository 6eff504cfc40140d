"""Whether the ledger is as it was written: every row by its hash, its order by the chain, its end by who has noted it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.contracts.home import Home
from pipelines.ledger.book import content_of, read_head
from pipelines.ledger.rows import Head, Row, read_line


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is wrong, a line each, and the last row. No problems: nothing was changed, dropped, added or moved up to the noted rows."""

    problems: tuple[str, ...]
    row_count: int
    head: Head
    anchor_count: int  # run records and notes that the chain was held against


def verify(home: Home, noted: Head | None = None) -> Verdict:
    """Read the whole ledger and hold it against its own chain, `head.json`, every run record, and what somebody has `noted`."""
    content = content_of(home)
    *lines, rest = content.split(b"\n")
    rows = [read_line(line) for line in lines]
    anchors = list(_anchors(home))
    if noted is not None:
        anchors.append(("your note", noted))
    problems = [*_chained(rows), *_ended(rest), *_anchored(rows, anchors)]
    whole = [row for row in rows if row is not None]
    return Verdict(tuple(problems), len(whole), whole[-1].head if whole else Head(), len(anchors))


def _chained(rows: list[Row | None]) -> Iterator[str]:
    """Lines by number, from 1. After a line that cannot be read the next one cannot be held against it."""
    before: Row | None = None
    is_known = True
    for line, row in enumerate(rows, 1):
        if row is None:
            yield f"line {line}: was changed: its hash is not that of its content"
            is_known = False
            continue
        expected = before.head if before is not None else Head()
        if is_known and (row.sequence, row.previous) != (expected.sequence + 1, expected.hash):
            missing = row.sequence - expected.sequence - 1
            yield f"line {line}: row {row.sequence} does not follow row {expected.sequence}: " + (
                f"{missing} missing" if missing > 0 else "rows were added, moved or written anew"
            )
        if row.entry.kind == "break":
            yield f"line {line}: {row.entry.what}"
        before, is_known = row, True


def _ended(rest: bytes) -> Iterator[str]:
    if rest:
        yield f"the last line is half-written ({len(rest)} bytes): a crash; the next row sets it aside"


def _anchored(rows: list[Row | None], anchors: list[tuple[str, Head]]) -> Iterator[str]:
    by_sequence = {row.sequence: row.hash for row in rows if row is not None}
    for who, head in anchors:
        if head.sequence == 0:
            continue
        if head.sequence not in by_sequence:
            yield f"row {head.sequence}, noted in {who}, is missing"
        elif by_sequence[head.sequence] != head.hash:
            yield f"row {head.sequence} is not the one noted in {who}: it was written anew"


def _anchors(home: Home) -> Iterator[tuple[str, Head]]:
    """Heads that were noted where the ledger is not: beside it, and in the record of each run that published."""
    head = read_head(home)
    if head is not None:
        yield "head.json", head
    for path in sorted((*home.runs.glob("*.json"), *home.hours.glob("*.json"))):
        try:
            noted = json.loads(path.read_bytes()).get("ledger")
            if noted:
                yield path.relative_to(home.root).as_posix(), Head(int(noted["sequence"]), str(noted["hash"]))
        except (ValueError, TypeError, KeyError, AttributeError):
            continue
