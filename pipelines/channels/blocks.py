"""Take one block of text apart into records and cells, and write the records that go on in separators that need no quoting."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from pipelines.channels.contract import FooterSpec
from pipelines.channels.quotes import Bools, Bytes, Ints, quote_bytes_to_drop, quote_runs, quote_states

CELL_END, RECORD_END = b"\x1f", b"\x1e"
NEWLINE, RETURN = 0x0A, 0x0D

_DROPPED = b"\x00"  # records with a NUL never go on, so the byte is free to mark what is taken out
_MAX_OPEN_BYTES = 1 << 20  # a quoted cell longer than this was never closed
_MAX_REPAIRS = 16  # per block; with more stray quotes every physical line of the block is a record of its own


@dataclass(frozen=True, slots=True)
class Shape:
    """What the splitter must know of a format and of the file's header."""

    separator: bytes  # one or two bytes; empty where a line is one JSON object
    begins_with: bytes  # of every record
    is_lead_dropped: bool
    is_quoted: bool
    cell_count: int
    head_lines: int  # physical lines up to and with the header
    footer: FooterSpec | None


@dataclass(slots=True)
class Records:
    """One block, taken apart: byte `begins` and `ends` (at the line end) of records, cells, physical lines, flags."""

    begins: Ints
    ends: Ints
    cells: Ints
    lines: Ints
    malformed: Bools
    inner: Ints  # separators and line ends that belong to a cell
    drops: Ints  # bytes that protect, and belong to none


def plain(text: Bytes, shape: Shape) -> Records:
    """No quotes: every line end ends a record."""
    separator, nothing = shape.separator, np.empty(0, dtype=np.int64)
    inner, drops = nothing, nothing
    if len(separator) == 1:
        marks = np.flatnonzero((text == separator[0]) | (text == NEWLINE))
        line_ends = np.flatnonzero(text[marks] == NEWLINE)
        ends, cells = marks[line_ends], np.diff(line_ends, prepend=-1)
    else:
        ends = np.flatnonzero(text == NEWLINE)
        cells = np.ones(len(ends), dtype=np.int64)
    begins = np.concatenate([[0], ends[:-1] + 1])
    if len(separator) == 2:
        firsts = np.flatnonzero(text[:-1] == separator[0])
        is_separator = text[firsts + 1] == separator[1]
        inner, drops = firsts[~is_separator], firsts[is_separator] + 1
        cells = np.diff(np.searchsorted(drops, ends), prepend=0) + 1
    if shape.is_lead_dropped:
        drops = np.concatenate([drops, begins[text[begins] == shape.begins_with[0]]])
    return Records(begins, ends, cells, np.ones(len(ends), dtype=np.int64), np.zeros(len(ends), dtype=np.bool_), inner, drops)


def quoted(text: Bytes, separator: int, final: bool) -> Records:
    """Quotes: line ends inside a cell belong to it. Where quotes do not add up, the lines concerned are taken one by one."""
    runs = quote_runs(text, separator)
    marks = np.flatnonzero((text == separator) | (text == NEWLINE))
    is_newline = text[marks] == NEWLINE
    newlines = marks[is_newline]
    resets = np.empty(0, dtype=np.int64)
    for repair in range(_MAX_REPAIRS + 1):
        states = quote_states(runs, resets)
        inside = _inside(marks, runs.ends, runs.starts, states.inside, resets)
        records = _records(marks, is_newline, newlines, inside)
        troubled = np.searchsorted(records.ends, runs.starts[states.malformed])
        records.malformed[troubled[troubled < len(records.ends)]] = True
        added = _lines_to_part(records, newlines, len(text), final)
        if len(added) == 0:
            break
        resets = newlines if repair == _MAX_REPAIRS - 1 else np.union1d(resets, added)
    # a cell that a reset had to close was never closed
    last_run = np.searchsorted(runs.starts, records.ends) - 1
    open_at_end = (last_run >= 0) & states.inside[last_run] & np.isin(records.ends, resets)
    records.malformed |= open_at_end & (runs.starts[last_run] >= records.begins)
    records.drops = quote_bytes_to_drop(runs, states)
    return records


def _inside(marks: Ints, run_ends: Ints, run_starts: Ints, inside: Bools, resets: Ints) -> Bools | None:
    """Which separators and line ends stand inside quoted cells; None for none, as in most blocks.

    A reset is outside, and so is what follows it up to a quote.
    """
    begins = run_ends[inside]
    ends = np.append(run_starts[1:], np.iinfo(np.int64).max)[inside]
    if len(resets):
        following = np.searchsorted(resets, begins)
        ends = np.minimum(ends, np.append(resets, np.iinfo(np.int64).max)[following])
    low, high = np.searchsorted(marks, begins), np.searchsorted(marks, ends)
    holds = high > low
    if not holds.any():
        return None
    steps = np.zeros(len(marks) + 1, dtype=np.int32)
    np.add.at(steps, low[holds], 1)
    np.add.at(steps, high[holds], -1)
    return np.asarray(np.cumsum(steps[:-1]) > 0)


def _records(marks: Ints, is_newline: Bools, newlines: Ints, inside: Bools | None) -> Records:
    kept, ends_record = (marks, is_newline) if inside is None else (marks[~inside], is_newline[~inside])
    line_ends = np.flatnonzero(ends_record)
    ends, cells = kept[line_ends], np.diff(line_ends, prepend=-1)
    begins = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    lines = np.diff(np.searchsorted(newlines, ends), prepend=-1)
    inner = marks[inside] if inside is not None else np.empty(0, dtype=np.int64)
    return Records(begins, ends, cells, lines, np.zeros(len(ends), dtype=np.bool_), inner, inner)


def _lines_to_part(records: Records, newlines: Ints, size: int, final: bool) -> Ints:
    """Line ends at which cells are to be closed by force: inside malformed records, and the first of a tail that never closes."""
    parts = [np.empty(0, dtype=np.int64)]
    for position in np.flatnonzero(records.malformed & (records.lines > 1)):
        low, high = np.searchsorted(newlines, [records.begins[position], records.ends[position]])
        parts.append(newlines[low:high])
    consumed = int(records.ends[-1]) + 1 if len(records.ends) else 0
    if consumed < size and (final or size - consumed > _MAX_OPEN_BYTES):
        parts.append(newlines[np.searchsorted(newlines, consumed) :][:1])
    return np.concatenate(parts)


def rewritten(
    data: bytes, text: Bytes, records: Records, goes_on: Bools, shape: Shape, has_return: Bools, surplus: Bools
) -> bytes | bytearray:
    """The records that go on, in one-byte separators and without protection."""
    if not goes_on.any():
        return b""
    size = int(records.ends[-1]) + 1
    if size == len(data) and len(records.drops) == 0 and goes_on.all() and not surplus.any():
        returns = int(has_return.sum())
        if not returns and not shape.separator:
            return data  # JSON: a record is a line as it is
        if not returns or data.count(b"\r") == returns:
            return data.translate(_translation(shape.separator), b"\r" if returns else b"")
    out = bytearray(data[:size].translate(_translation(shape.separator)))
    view = np.frombuffer(out, np.uint8)
    inner = records.inner[records.inner < size]
    view[inner] = text[inner]
    view[records.drops[records.drops < size]] = _DROPPED[0]
    view[records.ends[has_return] - 1] = _DROPPED[0]
    view[(records.ends - has_return - 1)[surplus]] = _DROPPED[0]
    if not goes_on.all():
        for begin, end in zip(records.begins[~goes_on], records.ends[~goes_on] + 1, strict=True):
            view[begin:end] = _DROPPED[0]
    return out.translate(None, _DROPPED)


@lru_cache
def _translation(separator: bytes) -> bytes:
    table = bytearray(range(256))
    if separator:
        table[separator[0]], table[NEWLINE] = CELL_END[0], RECORD_END[0]
    return bytes(table)
