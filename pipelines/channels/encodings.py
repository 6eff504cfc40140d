"""From delivered bytes to UTF-8, in blocks of whole lines. Strict: a byte that the encoding does not know marks its record."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator

import numpy as np
import pyarrow as pa

from pipelines.channels.containers import ByteStream, UnreadableError
from pipelines.channels.contract import Encoding
from pipelines.channels.splitter import UNDECODABLE

_BLOCK_BYTES = 1 << 20
_MAX_LINE_BYTES = 1 << 24
_BOMS: tuple[tuple[bytes, Encoding], ...] = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
# what a decoder makes of bytes that it does not know: no text holds it, unlike U+FFFD
_LOST = "cdp_undecodable"
codecs.register_error(_LOST, lambda error: (UNDECODABLE.decode(), error.end if isinstance(error, UnicodeDecodeError) else 0))
# GBK text passes for UTF-8 over two or three characters by chance, never over this many
_PROOF_CHARACTERS = 16


class NotThisEncodingError(Exception):
    """Text that was plain ASCII so far turns out to be in another encoding."""


def encoding_by_mark(head: bytes) -> Encoding | None:
    """What a byte order mark says; None without one."""
    return next((encoding for mark, encoding in _BOMS if head.startswith(mark)), None)


def decoded_head(head: bytes, encoding: Encoding, *, strict: bool) -> str | None:
    """Whole lines of the head as text, without byte order mark; None when they are not in this encoding."""
    if encoding == "utf-16":
        return head[: len(head) // 2 * 2].decode("utf-16", "replace")
    end = max(head.rfind(b"\n"), head.rfind(b"\r")) + 1 or _whole_characters(head, encoding)
    try:
        return head[:end].removeprefix(codecs.BOM_UTF8).decode(encoding, "strict" if strict else "replace")
    except UnicodeDecodeError as error:
        if encoding == "utf-8" and _proves_utf8(head[: error.start]):
            return head[:end].removeprefix(codecs.BOM_UTF8).decode(encoding, "replace")
        return None


def _whole_characters(head: bytes, encoding: Encoding) -> int:
    """Length of a head of one line without a last character that was cut."""
    decoder = codecs.getincrementaldecoder(encoding)("replace")
    decoder.decode(head)
    return len(head) - len(decoder.getstate()[0])


def _proves_utf8(valid: bytes) -> bool:
    return len(valid) - len(valid.decode("utf-8", "ignore")) >= 2 * _PROOF_CHARACTERS


def line_end_of(head: str) -> str:
    """`\\n` (also for `\\r\\n`), or `\\r` alone where a text has no other."""
    return "\r" if "\r" in head and "\n" not in head else "\n"


def utf8_blocks(stream: ByteStream, encoding: Encoding, line_end: str) -> Iterator[bytes]:
    """Blocks of whole physical lines in UTF-8, each line with its end; the last gets one if it has none.

    Raises NotThisEncodingError when UTF-8 was only assumed, because all was ASCII, and proves wrong.
    """
    blocks = _utf16_blocks(stream, line_end) if encoding == "utf-16" else _byte_blocks(stream, line_end.encode())
    is_first, is_proven = True, encoding != "utf-8"
    for block in blocks:
        if is_first:
            is_proven = is_proven or block.startswith(codecs.BOM_UTF8)
            block = block.removeprefix(codecs.BOM_UTF8)
            is_first = False
        if encoding in ("utf-8", "utf-16"):
            if not block.isascii():
                block = block if _is_utf8(block) else _marked(block, "utf-8", is_proven=is_proven)
                is_proven = True
        elif not block.isascii():
            block = _transcoded(block, encoding)
        if line_end == "\r":
            block = block.replace(b"\r", b"\n")
        if block:
            yield block if block.endswith(b"\n") else block + b"\n"


def unbroken_blocks(stream: ByteStream, encoding: Encoding) -> Iterator[bytes]:
    """Blocks in UTF-8 cut anywhere, for texts whose lines mean nothing. What is no UTF-8 stays: `marked_lines` finds it."""
    is_first = True
    decoder = None if encoding == "utf-8" else codecs.getincrementaldecoder(encoding)(_LOST)
    while block := stream.read(_BLOCK_BYTES):
        if decoder is not None:
            block = decoder.decode(block).encode()
        elif is_first:
            block = block.removeprefix(codecs.BOM_UTF8)
        is_first = False
        yield block


def marked_lines(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Blocks of whole lines, with what is no UTF-8 replaced by UNDECODABLE."""
    for block in blocks:
        yield block if block.isascii() or _is_utf8(block) else _marked(block, "utf-8", is_proven=True)


def _byte_blocks(stream: ByteStream, line_end: bytes) -> Iterator[bytes]:
    """Cut after line ends, which no byte of a longer character in UTF-8 or GB18030 can be mistaken for."""
    rest = b""
    while block := stream.read(_BLOCK_BYTES):
        end = block.rfind(line_end) + 1
        if not end:
            rest += block
            if len(rest) > _MAX_LINE_BYTES:
                raise _endless()
            continue
        yield rest + block[:end]
        rest = block[end:]
    if rest:
        yield rest


def _utf16_blocks(stream: ByteStream, line_end: str) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder("utf-16")(_LOST)
    rest = ""
    while block := stream.read(_BLOCK_BYTES):
        text = decoder.decode(block)
        end = text.rfind(line_end) + 1
        if end:
            yield (rest + text[:end]).encode()
            rest = ""
        rest += text[end:]
        if len(rest) > _MAX_LINE_BYTES:
            raise _endless()
    rest += decoder.decode(b"", final=True)
    if rest:
        yield rest.encode()


def _endless() -> UnreadableError:
    return UnreadableError("has a line longer than 16 MB: it is no table", "check what was exported")


def _is_utf8(block: bytes) -> bool:
    # Arrow validates without making a str and without the interpreter's lock: 0.37 ms/MB against 0.83
    offsets = pa.py_buffer(np.array([0, len(block)], dtype=np.int32))
    try:
        pa.Array.from_buffers(pa.string(), 1, [None, offsets, pa.py_buffer(block)]).validate(full=True)
    except pa.ArrowInvalid:
        return False
    return True


def _transcoded(block: bytes, encoding: Encoding) -> bytes:
    try:
        return block.decode(encoding).encode()
    except UnicodeDecodeError:
        return _marked(block, encoding, is_proven=True)


def _marked(block: bytes, encoding: Encoding, *, is_proven: bool) -> bytes:
    """Replace what cannot be decoded by UNDECODABLE. Only the lines concerned are looked at twice."""
    lines: list[bytes] = []
    for line in block.splitlines(keepends=True):
        try:
            text = line.decode(encoding)
        except UnicodeDecodeError as error:
            if not is_proven and not _proves_utf8(b"".join(lines) + line[: error.start]):
                raise NotThisEncodingError from error
            text = line.decode(encoding, _LOST)
        lines.append(text.encode())
    return b"".join(lines)
