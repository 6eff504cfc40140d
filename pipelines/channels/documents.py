"""From one JSON document to its records, one a line: the elements of an array, found without parsing what they hold.

Blocks are taken apart with numpy; memory holds one block and the record that is still open. Depth costs nothing: nothing recurses.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pipelines.channels.containers import UnreadableError
from pipelines.channels.quotes import Bools, Bytes, Ints

_MAX_RECORD_BYTES = 1 << 24
_KEY_BYTES = 1 << 10  # how far back the key of an array is looked for
# escapes one by one, so that a backslash that is itself escaped begins none; the group is half a pair, or nothing at all
_ESCAPE = re.compile(rb"\\\\|\\u[dD][89abAB]\w\w\\u[dD][c-fC-F]\w\w|(\\u[dD][89a-fA-F]\w\w|\\u0000)")
_KEY = re.compile(rb'"((?:[^"\\]|\\.)*)"\s*:\s*\Z', re.DOTALL)

_QUOTE, _BACKSLASH, _COMMA, _SPACE, _NEWLINE, _RETURN = 0x22, 0x5C, 0x2C, 0x20, 0x0A, 0x0D
_OPENS, _CLOSES, _ARRAY = (0x5B, 0x7B), (0x5D, 0x7D), 0x5B
_STEPS = np.zeros(256, dtype=np.int64)
_STEPS[list(_OPENS)], _STEPS[list(_CLOSES)] = 1, -1
_IS_STEP, _IS_SPACE = _STEPS != 0, np.zeros(256, dtype=np.bool_)
_IS_SPACE[[_SPACE, 0x09, _NEWLINE, _RETURN]] = True


def record_lines(blocks: Iterable[bytes], path: Sequence[str]) -> Iterator[bytes]:
    """Blocks of whole lines, a line for each element of the array under the keys `path`; the outermost array for no keys.

    What stands beside the array is no record and is left. Raises UnreadableError where brackets or quotes do not add up at the end,
    or an element is larger than 16 MB.
    """
    document = _Document(path)
    waiting: list[bytes] = []
    size = 0
    for block in blocks:
        lines = document.feed(block)
        end = lines.rfind(b"\n") + 1
        if end:
            yield b"".join((*waiting, lines[:end]))
            waiting, size = [], 0
        waiting.append(lines[end:])
        size += len(lines) - end
        if size > _MAX_RECORD_BYTES:
            raise UnreadableError("has a record longer than 16 MB: it is no table", "check what was exported")
    document.check_whole()


def first_records(head: bytes, path: Sequence[str]) -> list[bytes]:
    """The whole records in the first bytes of a document; none where the array does not begin there."""
    try:
        return _Document(path).feed(head).split(b"\n")[:-1]
    except UnreadableError:
        return []


def broken_escapes(data: bytes) -> Ints:
    """Where JSON names half a surrogate pair, or NUL: a parser makes something else of it in silence."""
    # one byte is looked for ten times as fast as three words, and most texts have none
    if b"\\" not in data or (b"\\ud" not in data and b"\\uD" not in data and b"\\u0000" not in data):
        return np.empty(0, dtype=np.int64)
    return np.array([match.start() for match in _ESCAPE.finditer(data) if match.group(1)], dtype=np.int64)


class _Document:
    """Where in the document the next byte stands: the depth, in or outside a text, in or outside the wanted array."""

    def __init__(self, path: Sequence[str]) -> None:
        self._path = [key.encode() for key in path]
        self._depth = 0
        self._in_text = False
        self._is_escaped = False  # the next byte, by the last one of the block before
        self._on_path: list[bool] = []  # of each open bracket, down to the wanted array
        self._in_array = False
        self._has_begun = False  # the record that is open has a byte
        self._tail = b""

    def feed(self, block: bytes) -> bytes:
        """The bytes of records in this block, a line end behind each; outer spaces and line breaks are taken out."""
        text = np.frombuffer(block, np.uint8)
        quotes = self._quotes(block, text)
        is_inside = self._is_inside(text, quotes)
        places = np.flatnonzero(_IS_STEP[text] & ~is_inside)
        steps = _STEPS[text[places]]
        depths = self._depth + np.cumsum(steps)
        if depths.min(initial=0) < 0:
            raise UnreadableError("is no JSON document: a bracket closes that was never opened")
        spans = self._spans(block, places, steps, depths)
        out = self._written(text, is_inside, places, depths, spans)
        self._depth = int(depths[-1]) if len(depths) else self._depth
        self._in_text ^= bool(len(quotes) & 1)
        self._tail = (self._tail + block[-_KEY_BYTES:])[-_KEY_BYTES:]
        return out

    def check_whole(self) -> None:
        if self._depth or self._in_text:
            raise UnreadableError("is a JSON document that ends too early: the copy is not whole")

    def _quotes(self, block: bytes, text: Bytes) -> Ints:
        """Quotes that open or close a text: those that no odd run of backslashes protects."""
        quotes = np.flatnonzero(text == _QUOTE)
        escapes_first, self._is_escaped = self._is_escaped, False
        if not escapes_first and b"\\" not in block:
            return quotes
        slashes = np.flatnonzero(text == _BACKSLASH)
        is_start = np.diff(slashes, prepend=-2) != 1
        starts = slashes[is_start]
        lengths = np.diff(np.flatnonzero(is_start), append=len(slashes))
        ends = starts + lengths
        odd = (lengths & 1) == 1
        escaped = ends[odd]
        if escapes_first:
            # a run that goes on from the block before is one longer
            goes_on = len(starts) > 0 and starts[0] == 0
            escaped = ends[odd ^ (starts == 0)] if goes_on else np.append(escaped, 0)
        self._is_escaped = bool(np.any(escaped == len(text)))
        return quotes[~np.isin(quotes, escaped)]

    def _is_inside(self, text: Bytes, quotes: Ints) -> Bools:
        """Bytes within a text, its opening quote included."""
        marks = np.zeros(len(text), dtype=np.uint8)
        marks[quotes] = 1
        is_odd = np.bitwise_xor.accumulate(marks) if len(marks) else marks
        return np.asarray(is_odd == (0 if self._in_text else 1))

    def _spans(self, block: bytes, places: Ints, steps: Ints, depths: Ints) -> list[tuple[int, int, bool]]:
        """Byte ranges within the wanted array, and whether it ends there. Only brackets above its elements are looked at one by one."""
        base = len(self._path) + 1
        outer = np.flatnonzero(np.where(steps > 0, depths, depths + 1) <= base)
        spans: list[tuple[int, int, bool]] = []
        begin = 0
        for position in outer:
            place, depth = int(places[position]), int(depths[position])
            if steps[position] > 0:
                del self._on_path[depth - 1 :]
                self._on_path.append(self._leads_on(block, place, depth))
                if depth == base and self._on_path[-1]:
                    self._in_array, begin = True, place + 1
            elif depth == base - 1 and self._in_array:
                self._in_array = False
                spans.append((begin, place, True))
        return [*spans, (begin, len(block), False)] if self._in_array else spans

    def _leads_on(self, block: bytes, place: int, depth: int) -> bool:
        """True for a bracket on the way to the wanted array: an object under each key, at last an array."""
        if (block[place] == _ARRAY) != (depth == len(self._path) + 1):
            return False
        if depth == 1:
            return True
        before = block[max(0, place - _KEY_BYTES) : place]
        key = _KEY.search(before if len(before) == _KEY_BYTES else self._tail + before)
        return self._on_path[depth - 2] and key is not None and key.group(1) == self._path[depth - 2]

    def _written(self, text: Bytes, is_inside: Bools, places: Ints, depths: Ints, spans: Sequence[tuple[int, int, bool]]) -> bytes:
        if not spans:
            return b""
        commas = np.flatnonzero((text == _COMMA) & ~is_inside)
        levels = np.concatenate([[self._depth], depths])[np.searchsorted(places, commas)]
        out = text.copy()
        # a line break within a text is no JSON, but is written: it must not end the record
        out[((text == _NEWLINE) | (text == _RETURN)) & is_inside] = _SPACE
        out[commas[levels == len(self._path) + 1]] = _NEWLINE
        kept = ~(_IS_SPACE[text] & ~is_inside)
        parts: list[bytes] = []
        for begin, end, is_closed in spans:
            body = out[begin:end][kept[begin:end]].tobytes()
            self._has_begun = not body.endswith(b"\n") if body else self._has_begun
            parts.append(body)
            if is_closed:
                parts.append(b"\n" if self._has_begun else b"")
                self._has_begun = False
        return b"".join(parts)
