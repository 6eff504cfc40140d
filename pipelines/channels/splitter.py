"""Split delimited text into records, block by block, without a loop over lines: every physical line is accounted for.

Records that are whole go on, as they are or with one-byte separators that need no quoting; the others are named with their line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

import numpy as np

from pipelines.channels.blocks import CELL_END, RECORD_END, RETURN, Records, Shape, plain, quoted, rewritten
from pipelines.channels.documents import broken_escapes
from pipelines.channels.quotes import Bools, Bytes, Ints

UNDECODABLE = b"\x1a"  # stands in for bytes that the encoding does not know
_CONTROL = (b"\x00", CELL_END, RECORD_END, UNDECODABLE)
_MAX_FOOTER_BYTES = 1 << 16


class NeedsRewritingError(Exception):
    """The text cannot be scanned as it is: it has quotes, blank lines or records to leave out."""


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


class Splitter:
    """Feed whole physical lines; records that go on are handed to `emit`.

    With `rewrite` they get CELL_END and RECORD_END and lose their protection; without, nothing is emitted and anything that could
    not be scanned as it is raises NeedsRewritingError.
    """

    def __init__(self, shape: Shape, emit: Callable[[bytes | bytearray], object] | None, broken: Ints | None = None) -> None:
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

    def _take_apart(self, data: bytes, text: Bytes, final: bool) -> Records:
        if self._shape.is_quoted and b'"' in data:
            if self._emit is None:
                raise NeedsRewritingError
            return quoted(text, self._shape.separator[0], final)
        return plain(text, self._shape)

    def _account(self, data: bytes, text: Bytes, records: Records) -> None:
        """Decide for each record whether it goes on, count lines, hand over."""
        shape = self._shape
        first_line = self.lines.total + 1 + np.cumsum(records.lines) - records.lines
        has_return = (records.ends > records.begins) & (text[records.ends - 1] == RETURN)
        lengths = records.ends - records.begins - has_return
        is_footer = self._footers(data, records)
        is_blank = ~is_footer & (lengths == (0 if shape.begins_with else (records.cells - 1) * len(shape.separator)))
        is_data = ~is_blank & ~is_footer
        has_surplus = self._surplus(text, records, has_return)
        reasons = self._reasons(data, text, records, has_surplus)
        if self._broken is not None:
            reasons[np.isin(first_line, self._broken)] = len(_REASONS) - 1
        goes_on = is_data & (reasons == 0)
        self._count(records, is_blank, is_footer, goes_on, first_line)
        for position in np.flatnonzero(is_data & (reasons > 0)):
            reason = _REASONS[reasons[position]].format(found=records.cells[position], wanted=shape.cell_count)
            self.lines.bad.append(BadRecord(int(first_line[position]), int(records.lines[position]), reason))
        if is_footer.any():
            self._keep_footer_text(data, records, is_footer)
        if self._emit is not None:
            self._emit(rewritten(data, text, records, goes_on, shape, has_return, has_surplus & goes_on))
        elif has_surplus.any() or not (goes_on | (is_footer & self._in_footer)).all():
            raise NeedsRewritingError

    def _surplus(self, text: Bytes, records: Records, has_return: Bools) -> Bools:
        """Records with a separator after the last cell, where the header has none: the cell behind it is empty."""
        if len(self._shape.separator) != 1:
            return np.zeros(len(records.ends), dtype=np.bool_)
        last = text[records.ends - has_return - 1]
        return np.asarray((records.cells == self._shape.cell_count + 1) & (last == self._shape.separator[0]))

    def _footers(self, data: bytes, records: Records) -> Bools:
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

    def _keep_footer_text(self, data: bytes, records: Records, is_footer: Bools) -> None:
        for position in np.flatnonzero(is_footer)[:1000]:
            line = data[int(records.begins[position]) : int(records.ends[position]) + 1]
            self.lines.footer_text = (self.lines.footer_text + line)[:_MAX_FOOTER_BYTES]

    def _reasons(self, data: bytes, text: Bytes, records: Records, has_surplus: Bools) -> Bytes:
        """Number of the reason to set a record aside; 0 for none."""
        shape = self._shape
        reasons = np.zeros(len(records.ends), dtype=np.uint8)
        if shape.separator:
            reasons[(records.cells != shape.cell_count) & ~has_surplus] = 1
        if shape.begins_with:
            reasons[text[records.begins] != shape.begins_with[0]] = 2
        reasons[records.malformed] = 3
        for code, byte in enumerate(_CONTROL, start=4):
            if byte in data:
                places = np.flatnonzero(text == byte[0])
                holders = np.searchsorted(records.ends, places)
                reasons[holders[holders < len(reasons)]] = code
        if not shape.separator:
            holders = np.searchsorted(records.ends, broken_escapes(data))
            reasons[holders[holders < len(reasons)]] = 8
        return reasons

    def _count(self, records: Records, is_blank: Bools, is_footer: Bools, goes_on: Bools, first_line: Ints) -> None:
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
    "names half a character (an unpaired surrogate) or NUL",
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
