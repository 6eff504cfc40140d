"""Take a text file apart before it is read: contract, encoding, every physical line. What comes out can be scanned blindly."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

from pipelines.channels.blocks import Shape
from pipelines.channels.containers import Bounded, ByteStream, Packing, UnreadableError, head_of, opened
from pipelines.channels.contract import Encoding
from pipelines.channels.documents import record_lines
from pipelines.channels.encodings import NotThisEncodingError, marked_lines, unbroken_blocks, utf8_blocks
from pipelines.channels.formats import Format
from pipelines.channels.quotes import Ints
from pipelines.channels.recognition import Layout, recognize_text
from pipelines.channels.splitter import Lines, NeedsRewritingError, Splitter

# smaller texts stay in memory, where the next window waits while one is read; a file costs 1 ms more and the disk's time
_MEMORY_BYTES = 1 << 25
_FEW, _SHARE = 2, 0.05
_MANY_BROKEN, _MAX_BROKEN = 10_000, 1_000_000


@dataclass(frozen=True, slots=True)
class Inspected:
    """A text file that is ready to scan.

    `text` is the delivered file itself, or its records rewritten (bytes, or a file in staging that the caller removes).
    """

    path: Path
    packing: Packing
    layout: Layout
    lines: Lines
    text: Path | bytes
    is_rewritten: bool


class TextSink:
    """Collects rewritten text: in memory while it is small, then in a file."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._parts: list[bytes | bytearray] = []
        self._size = 0
        self._file: BinaryIO | None = None

    def write(self, part: bytes | bytearray) -> None:
        if self._file is not None:
            self._file.write(part)
            return
        self._parts.append(part)
        self._size += len(part)
        if self._size > _MEMORY_BYTES:
            self._file = self._path.open("wb")
            self._file.writelines(self._parts)
            self._parts = []

    def close(self) -> Path | bytes:
        if self._file is None:
            return b"".join(self._parts)
        self._file.close()
        return self._path


def inspect(path: Path, packing: Packing, formats: Sequence[Format], staging: Path, limit: int) -> Inspected:
    """The file taken apart; a packed one may hold `limit` bytes. Raises UnreadableError with the reason to refuse it."""
    without: frozenset[Encoding] = frozenset()
    while True:
        layout = recognize_text(head_of(path, packing), formats, without=without)
        try:
            return _split(path, packing, layout, staging, limit)
        except NotThisEncodingError:
            without |= {layout.encoding}


def _split(path: Path, packing: Packing, layout: Layout, staging: Path, limit: int) -> Inspected:
    if not _must_rewrite(path, packing, layout):
        try:
            lines = _pass(path, packing, layout, None)
            return Inspected(path, packing, layout, lines, path, is_rewritten=False)
        except NeedsRewritingError:
            pass  # only reading shows it: the second pass writes the text anew
    sink = TextSink(staging)
    lines = _pass(path, packing, layout, sink, limit=limit)
    return Inspected(path, packing, layout, lines, sink.close(), is_rewritten=True)


def without_broken(file: Inspected, broken: Ints, staging: Path) -> Inspected:
    """The same file, with the records that begin at these physical lines set aside."""
    sink = TextSink(staging)
    lines = _pass(file.path, file.packing, file.layout, sink, broken)
    return replace(file, lines=lines, text=sink.close(), is_rewritten=True)


def _must_rewrite(path: Path, packing: Packing, layout: Layout) -> bool:
    spec = layout.format.spec
    if not _is_nameable(path):
        return True
    if (
        packing is not Packing.PLAIN
        or layout.array is not None
        or layout.encoding != "utf-8"
        or layout.line_end == "\r"
        or len(spec.delimiter) > 1
    ):
        return True
    head = head_of(path, packing)
    return (spec.quoting == "rfc4180" and b'"' in head) or (head.startswith(b"\xef\xbb\xbf") and layout.head_lines == 0)


def _is_nameable(path: Path) -> bool:
    """False for a name in GBK bytes, which Polars cannot open."""
    try:
        str(path).encode()
    except UnicodeEncodeError:
        return False
    return True


def plain_lines(stream: ByteStream, layout: Layout) -> Iterator[bytes]:
    """Blocks of whole lines in UTF-8: those of the file, or of a JSON document one for each of its records."""
    if layout.array is None:
        return utf8_blocks(stream, layout.encoding, layout.line_end)
    return marked_lines(record_lines(unbroken_blocks(stream, layout.encoding), layout.array))


def _pass(
    path: Path, packing: Packing, layout: Layout, sink: TextSink | None, broken: Ints | None = None, limit: int | None = None
) -> Lines:
    splitter = Splitter(_shape(layout), None if sink is None else sink.write, broken)
    with opened(path, packing) as stream:
        counted = stream if limit is None or packing is Packing.PLAIN else Bounded(stream, limit)
        for block in plain_lines(counted, layout):
            splitter.feed(block)
            _check_flood(splitter.lines, layout)
    splitter.feed(b"", final=True)
    lines = splitter.lines
    undecodable = sum("no text" in bad.reason for bad in lines.bad)
    if undecodable >= _FEW and undecodable > _SHARE * (lines.records + len(lines.bad)):
        raise UnreadableError(
            f"is not text in {layout.encoding}: {undecodable} records hold bytes unknown to it", "export it as CSV in UTF-8"
        )
    return lines


def _check_flood(lines: Lines, layout: Layout) -> None:
    """A record that is set aside costs memory, so there is an end to them."""
    count = len(lines.bad)
    if count > _MAX_BROKEN or (count > _MANY_BROKEN and count > lines.records):
        first = lines.bad[0]
        what = f"follows {layout.format.name}, but {count} of its first {count + lines.records} records are broken"
        raise UnreadableError(f"{what}; line {first.line} {first.reason}", "check what was exported")


def _shape(layout: Layout) -> Shape:
    spec = layout.format.spec
    if spec.is_json:
        return Shape(b"", b"{", False, False, 1, layout.head_lines, spec.footer)
    return Shape(
        spec.delimiter.encode(),
        spec.lead.encode(),
        bool(spec.lead),
        spec.quoting == "rfc4180",
        len(layout.headers),
        layout.head_lines,
        spec.footer,
    )
