"""Split delimited text into records, block by block, without a loop over lines: every physical line is accounted for.

Records that are whole go on, as they are or with one-byte separators that need no quoting; the others are named with their line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pipelines.channels.contract import FooterSpec
from pipelines.channels.quotes import Bools, Bytes, Ints, quote_bytes_to_drop, quote_runs, quote_states

CELL_END, RECORD_END = b"\x1f", b"\x1e"
UNDECODABLE = b"\x1a"  # stands in for bytes that the encoding does not know
_CONTROL = (b"\x00", CELL_END, RECORD_END, UNDECODABLE)
_DROPPED = b"\x00"  # records with a NUL never go on, so the byte is free to mark what is taken out
_NEWLINE, _RETURN = 0x0A, 0x0D

_MAX_OPEN_BYTES = 1 << 20  # a quoted cell longer than this was never closed
_MAX_REPAIRS = 64  # per block; a file with more stray quotes is read one record a physical line from there to the block's end
_MAX_FOOTER_BYTES = 1 << 16


class NeedsRewritingError(Exception):
    """The text cannot be scanned as it is: it has quotes, blank lines or records to leave out."""


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
class BadRecord:
    """A record that is set aside whole."""

    line: int
    line_count: int
    reason: str


@dataclass(slots=True)
class Lines:
    """What became of the physical lines so far, and where the records that went on begin."""

    total: int = 0
    footer: int = 0
    blank: int = 0
    continuation: int = 0
    records: int = 0  # that went on
    bad: list[BadRecord] = field(default_factory=list)
    footer_text: bytes = b""
    # piecewise constant: from record `rows[i]` on, physical line = record + `offsets[i]`
    rows: list[int] = field(default_factory=list)
    offsets: list[int] = field(default_factory=list)

    def line_of(self, records: Ints) -> Ints:
        """Physical line (from 1) of records that went on (from 0)."""
        if not self.rows:
            return records + 1
        where = np.searchsorted(np.asarray(self.rows), records, side="right") - 1
        return np.asarray(records + np.asarray(self.offsets)[where], dtype=np.int64)


@dataclass(slots=True)
class _Records:
    """One block, taken apart: byte `begins` and `ends` (at the line end) of records, cells, physical lines, flags."""

    begins: Ints
    ends: Ints
    cells: Ints
    lines: Ints
    malformed: Bools
    separators: Ints
    drops: Ints


class Splitter:
    """Feed whole physical lines; records that go on are handed to `emit`.

    With `rewrite` they get CELL_END and RECORD_END and lose their protection; without, nothing is emitted and anything that could
    not be scanned as it is raises NeedsRewritingError.
    """

    def __init__(self, shape: Shape, emit: Callable[[bytes], object] | None, broken: Ints | None = None) -> None:
        """`broken`: physical lines, sorted, whose records a parser refused in an earlier pass."""
        self._shape = shape
        self._emit = emit
        self._broken = broken
        self._open = b""
        self._in_footer = False
        self._to_skip = shape.head_lines
        self.lines = Lines()

    def feed(self, block: bytes, *, final: bool = False) -> None:
        """`block` ends with a line end. `final` closes the text: what is still open then was never closed."""
        block = self._skip_head(block)
        data = self._open + block if self._open else block
        self._open = b""
        if self._in_footer:
            self._take_footer(data)
            return
        if not data:
            return
        text = np.frombuffer(data, np.uint8)
        records = self._take_apart(data, text, final)
        self._account(data, text, records)
        if len(records.ends) == 0 or records.ends[-1] + 1 < len(data):
            rest = data[int(records.ends[-1]) + 1 :] if len(records.ends) else data
            if self._in_footer:
                self._take_footer(rest)
            else:
                self._open = rest

    def _skip_head(self, block: bytes) -> bytes:
        begin = 0
        while self._to_skip and begin < len(block):
            begin = block.index(b"\n", begin) + 1
            self._to_skip -= 1
            self.lines.total += 1
        return block[begin:] if begin else block

    def _take_footer(self, data: bytes) -> None:
        count = data.count(b"\n")
        self.lines.footer += count
        self.lines.total += count
        self.lines.footer_text = (self.lines.footer_text + data)[:_MAX_FOOTER_BYTES]

    def _take_apart(self, data: bytes, text: Bytes, final: bool) -> _Records:
        if self._shape.is_quoted and b'"' in data:
            if self._emit is None:
                raise NeedsRewritingError
            return _quoted(text, self._shape.separator[0], final)
        return _plain(text, self._shape)

    def _account(self, data: bytes, text: Bytes, records: _Records) -> None:
        """Decide for each record whether it goes on, count lines, hand over."""
        shape, count = self._shape, len(records.ends)
        first_line = self.lines.total + 1 + np.cumsum(records.lines) - records.lines
        lengths = records.ends - records.begins
        has_return = (lengths > 0) & (text[records.ends - 1] == _RETURN)
        lengths = lengths - has_return
        is_blank = lengths == (0 if shape.begins_with else (records.cells - 1) * len(shape.separator))
        is_footer = self._footers(data, records)
        data_rows = ~is_blank & ~is_footer
        last = text[records.ends - has_return - 1]
        trailing = (
            (records.cells == shape.cell_count + 1) & (last == shape.separator[0]) if len(shape.separator) == 1 else ~data_rows & False
        )
        reasons = self._reasons(data, text, records, data_rows, trailing)
        if self._broken is not None:
            reasons[np.isin(first_line, self._broken)] = len(_REASONS) - 1
        goes_on = data_rows & (reasons == 0)
        self._count(records, is_blank & ~is_footer, is_footer, goes_on, first_line)
        for position in np.flatnonzero(data_rows & (reasons > 0)):
            reason = _REASONS[reasons[position]].format(found=records.cells[position], wanted=shape.cell_count)
            self.lines.bad.append(BadRecord(int(first_line[position]), int(records.lines[position]), reason))
        if is_footer.any():
            self._keep_footer_text(data, records, is_footer)
        if self._emit is not None:
            self._emit(_rewritten(text, records, goes_on, shape, has_return, trailing))
        elif not goes_on[: count if not self._in_footer else int(np.argmax(is_footer))].all() or trailing.any():
            raise NeedsRewritingError

    def _footers(self, data: bytes, records: _Records) -> Bools:
        is_footer = np.zeros(len(records.ends), dtype=np.bool_)
        footer = self._shape.footer
        if footer is None:
            return is_footer
        for place in _line_beginnings(data, footer.begins):
            position = int(np.searchsorted(records.begins, place))
            if position < len(is_footer) and records.begins[position] == place:
                is_footer[position:] |= footer.to_end
                is_footer[position] = True
        self._in_footer = footer.to_end and bool(is_footer.any())
        return is_footer

    def _keep_footer_text(self, data: bytes, records: _Records, is_footer: Bools) -> None:
        for position in np.flatnonzero(is_footer)[:1000]:
            line = data[int(records.begins[position]) : int(records.ends[position]) + 1]
            self.lines.footer_text = (self.lines.footer_text + line)[:_MAX_FOOTER_BYTES]

    def _reasons(self, data: bytes, text: Bytes, records: _Records, data_rows: Bools, trailing: Bools) -> Bytes:
        shape = self._shape
        reasons = np.zeros(len(records.ends), dtype=np.uint8)
        if shape.separator:
            reasons[(records.cells != shape.cell_count) & ~trailing] = 1
        if shape.begins_with:
            reasons[data_rows & (text[records.begins] != shape.begins_with[0])] = 2
        reasons[records.malformed] = 3
        for code, byte in enumerate(_CONTROL, start=4):
            if byte in data:
                places = np.flatnonzero(text == byte[0])
                holders = np.searchsorted(records.ends, places)
                reasons[holders[holders < len(reasons)]] = code
        return reasons

    def _count(self, records: _Records, is_blank: Bools, is_footer: Bools, goes_on: Bools, first_line: Ints) -> None:
        lines = self.lines
        lines.total += int(records.lines.sum())
        lines.footer += int(records.lines[is_footer].sum())
        lines.blank += int(records.lines[is_blank].sum())
        lines.continuation += int((records.lines[~is_footer & ~is_blank] - 1).sum())
        starts = first_line[goes_on]
        if len(starts) == 0:
            return
        numbers = np.arange(lines.records, lines.records + len(starts))
        offsets = starts - numbers
        last = lines.offsets[-1] if lines.offsets else 0
        changes = np.flatnonzero(np.diff(offsets, prepend=last) != 0)
        lines.rows += numbers[changes].tolist()
        lines.offsets += offsets[changes].tolist()
        lines.records += len(starts)


_REASONS = (
    "",
    "has {found} cells where the header has {wanted}",
    "does not begin with the mark that every record begins with",
    "has a quoted cell that is not closed, or quotes inside one that are not doubled",
    "holds a NUL byte",
    "holds a control byte (1F)",
    "holds a control byte (1E)",
    "holds bytes that are no text in the file's encoding",
    "is no JSON object of the kind that the contract reads",
)


def _line_beginnings(data: bytes, words: Iterable[str]) -> Iterator[int]:
    """Where a physical line begins with one of the words."""
    for word in words:
        needle = word.encode()
        if data.startswith(needle):
            yield 0
        place = data.find(b"\n" + needle)
        while place >= 0:
            yield place + 1
            place = data.find(b"\n" + needle, place + 1)


def _plain(text: Bytes, shape: Shape) -> _Records:
    """No quotes: every line end ends a record."""
    separator = shape.separator
    drops = np.empty(0, dtype=np.int64)
    if len(separator) == 2:
        places = np.flatnonzero((text[:-1] == separator[0]) & (text[1:] == separator[1]))
        ends = np.flatnonzero(text == _NEWLINE)
        begins = np.concatenate([[0], ends[:-1] + 1])
        cells = np.diff(np.searchsorted(places, ends), prepend=0) + 1
        drops = places + 1
    elif separator:
        marks = np.flatnonzero((text == separator[0]) | (text == _NEWLINE))
        line_ends = np.flatnonzero(text[marks] == _NEWLINE)
        ends, cells = marks[line_ends], np.diff(line_ends, prepend=-1)
        begins, places = np.concatenate([[0], ends[:-1] + 1]), marks
    else:
        ends = np.flatnonzero(text == _NEWLINE)
        begins, cells = np.concatenate([[0], ends[:-1] + 1]), np.ones(len(ends), dtype=np.int64)
        places = drops
    if shape.is_lead_dropped:
        drops = np.concatenate([drops, begins[text[begins] == shape.begins_with[0]]])
    return _Records(begins, ends, cells, np.ones(len(ends), dtype=np.int64), np.zeros(len(ends), dtype=np.bool_), places, drops)


def _quoted(text: Bytes, separator: int, final: bool) -> _Records:
    """Quotes: line ends inside a cell belong to it. Where quotes do not add up, the lines concerned are taken one by one."""
    runs = quote_runs(text, separator)
    marks = np.flatnonzero((text == separator) | (text == _NEWLINE))
    is_newline = text[marks] == _NEWLINE
    newlines = marks[is_newline]
    resets = np.empty(0, dtype=np.int64)
    for repair in range(_MAX_REPAIRS + 1):
        states = quote_states(runs, resets)
        structural = _outside(marks, runs.ends, runs.starts, states.inside, resets)
        records = _records(marks, is_newline, newlines, structural, resets)
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


def _outside(marks: Ints, run_ends: Ints, run_starts: Ints, inside: Bools, resets: Ints) -> Bools:
    """Which separators and line ends stand outside quoted cells. A reset is outside, and so is what follows it up to a quote."""
    begins = run_ends[inside]
    ends = np.append(run_starts[1:], np.iinfo(np.int64).max)[inside]
    if len(resets):
        following = np.searchsorted(resets, begins)
        ends = np.minimum(ends, np.append(resets, np.iinfo(np.int64).max)[following])
    low, high = np.searchsorted(marks, begins), np.searchsorted(marks, ends)
    holds = high > low
    steps = np.zeros(len(marks) + 1, dtype=np.int32)
    np.add.at(steps, low[holds], 1)
    np.add.at(steps, high[holds], -1)
    return np.cumsum(steps[:-1]) == 0


def _records(marks: Ints, is_newline: Bools, newlines: Ints, structural: Bools, resets: Ints) -> _Records:
    kept = marks[structural]
    line_ends = np.flatnonzero(is_newline[structural])
    ends, cells = kept[line_ends], np.diff(line_ends, prepend=-1)
    begins = np.concatenate([[0], ends[:-1] + 1]) if len(ends) else ends
    lines = np.diff(np.searchsorted(newlines, ends), prepend=-1)
    return _Records(begins, ends, cells, lines, np.zeros(len(ends), dtype=np.bool_), kept, resets)


def _lines_to_part(records: _Records, newlines: Ints, size: int, final: bool) -> Ints:
    """Line ends at which cells are to be closed by force: inside malformed records, and the first of a tail that never closes."""
    parts = [np.empty(0, dtype=np.int64)]
    for position in np.flatnonzero(records.malformed & (records.lines > 1)):
        low, high = np.searchsorted(newlines, [records.begins[position], records.ends[position]])
        parts.append(newlines[low:high])
    consumed = int(records.ends[-1]) + 1 if len(records.ends) else 0
    if consumed < size and (final or size - consumed > _MAX_OPEN_BYTES):
        parts.append(newlines[np.searchsorted(newlines, consumed) :][:1])
    return np.concatenate(parts)


def _rewritten(text: Bytes, records: _Records, goes_on: Bools, shape: Shape, has_return: Bools, trailing: Bools) -> bytes:
    """The records that go on, in one-byte separators and without protection."""
    if len(records.ends) == 0 or not goes_on.any():
        return b""
    size = int(records.ends[-1]) + 1
    out = text[:size].copy()
    out[records.separators[records.separators < size]] = CELL_END[0]
    out[records.drops[records.drops < size]] = _DROPPED[0]
    out[records.ends] = RECORD_END[0] if shape.separator else _NEWLINE
    out[records.ends[has_return] - 1] = _DROPPED[0]
    surplus = trailing & goes_on
    if surplus.any():
        out[(records.ends - has_return - 1)[surplus]] = _DROPPED[0]
    if not goes_on.all():
        out = out[np.repeat(goes_on, records.ends - records.begins + 1)]
    return out.tobytes().translate(None, _DROPPED)
