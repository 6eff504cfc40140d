"""The members of a tar archive, one after the other, without going back. Strict: what does not add up is damage, never the end.

The standard library ends in silence at a broken header, and reads names of any length into memory; here a member is lost to neither.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pipelines.channels.containers import ByteStream, UnreadableError

_BLOCK = 512
_COPY_BYTES = 1 << 20
_MAX_NOTE_BYTES = 1 << 20  # of a member that says something about the next: its long name, its exact size
_FILES, _DATALESS = b"0\x007", b"123456"  # links, devices, folders and pipes: no deliveries, and followed by no data
_LONG_NAME, _NEXT, _SPARSE, _NOTES = b"L", b"x", b"S", b"LKxg"


@dataclass(slots=True)
class Member:
    """A file in the archive; `left` bytes of it are still to be read."""

    name: str
    left: int
    _stream: ByteStream

    def blocks(self) -> Iterator[bytes]:
        """What is left of the content. Raises UnreadableError where the archive ends inside it."""
        while self.left:
            block = _exactly(self._stream, min(self.left, _COPY_BYTES))
            self.left -= len(block)
            yield block


def members(stream: ByteStream) -> Iterator[Member]:
    """Regular files, in the order of the archive. Raises UnreadableError where it is damaged, or packed in a way that is not known."""
    name, size = "", -1  # as a member before said of the next
    while any(header := _header(stream)):
        kind, stated = header[156:157], _number(header[124:136])
        if kind == _SPARSE:
            raise UnreadableError("is a tar archive packed in a way that is not known", "pack it again without sparse files")
        if kind in _NOTES:
            note = _note(stream, stated)
            if kind == _LONG_NAME:
                name = _text(note.rstrip(b"\0"))
            elif kind == _NEXT:
                name, size = _said(note, name, size)
            continue
        stated = size if size >= 0 else stated
        if kind in _FILES:
            member = Member(name or _name(header), stated, stream)
            yield member
            for _ in member.blocks():
                pass
            _exactly(stream, -stated % _BLOCK)
        elif kind not in _DATALESS:
            raise UnreadableError("is a tar archive packed in a way that is not known", "pack it again")
        name, size = "", -1


def _header(stream: ByteStream) -> bytes:
    """The next header; zeros at the end."""
    header = _exactly(stream, _BLOCK)
    if any(header):
        counted = sum(header) - sum(header[148:156]) + 8 * 0x20
        if _number(header[148:156]) != counted:
            raise _damaged()
    return header


def _exactly(stream: ByteStream, size: int) -> bytes:
    data = b""
    while len(data) < size:
        block = stream.read(size - len(data))
        if not block:
            raise _damaged()
        data += block
    return data


def _note(stream: ByteStream, size: int) -> bytes:
    if size > _MAX_NOTE_BYTES:
        raise _damaged()
    note = _exactly(stream, size)
    _exactly(stream, -size % _BLOCK)
    return note


def _said(note: bytes, name: str, size: int) -> tuple[str, int]:
    """Name and size of the next member, from lines `<length> <key>=<value>`."""
    while note:
        length, _, _ = note.partition(b" ")
        if not length.isdigit() or not 0 < int(length[:9]) <= len(note):
            raise _damaged()
        key, _, value = note[len(length) + 1 : int(length)].removesuffix(b"\n").partition(b"=")
        note = note[int(length) :]
        if key == b"path":
            name = _text(value)
        elif key == b"size":
            if not value.isdigit():
                raise _damaged()
            size = int(value[:18])
        elif key.startswith(b"GNU.sparse"):
            raise UnreadableError("is a tar archive packed in a way that is not known", "pack it again without sparse files")
    return name, size


def _number(field: bytes) -> int:
    """Octal digits, or for sizes over 8 GB the bytes of a number."""
    if field[0] & 0x80:
        return int.from_bytes(field, signed=False) & ((1 << (8 * len(field) - 1)) - 1)
    digits = field.strip(b" \0")
    try:
        number = int(digits or b"0", 8)
    except ValueError as error:
        raise _damaged() from error
    if number < 0:
        raise _damaged()
    return number


def _name(header: bytes) -> str:
    name = header[:100].partition(b"\0")[0]
    # the older variant of GNU keeps other things where the prefix stands
    prefix = header[345:500].partition(b"\0")[0] if header[257:263] == b"ustar\0" else b""
    return _text(prefix + b"/" + name if prefix else name)


def _text(name: bytes) -> str:
    """Names are bytes; those that are no UTF-8 come from Chinese desktops."""
    try:
        return name.decode()
    except UnicodeDecodeError:
        return name.decode("gb18030", "replace")


def _damaged() -> UnreadableError:
    return UnreadableError("is a damaged tar archive, or one that ends too early: the copy is not whole")
