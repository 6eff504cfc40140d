"""What a hostile file is and what must become of it. The corpus itself lies in `hostile_text`, `hostile_cells`, `hostile_json`, ..."""

from __future__ import annotations

import gzip
import hashlib
import zlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from tests.channels import samples

MEGABYTE = 1 << 20


@dataclass(frozen=True, slots=True)
class Fate:
    """What must become of a file: rows by outcome, or a phrase of the reason for which it is refused."""

    loaded: int = 0
    quarantined: tuple[str, ...] = ()  # a phrase of each reason, by line
    duplicate: int = 0
    refused: str = ""


@dataclass(frozen=True, slots=True)
class Hostile:
    """One file. `members`: fates of what an archive holds, by label; the archive itself then has none."""

    name: str
    content: bytes
    fate: Fate = field(default_factory=Fate)
    members: Mapping[str, Fate] = field(default_factory=dict)

    @property
    def fates(self) -> Mapping[str, Fate]:
        """By the path under which the file, or each member, is known."""
        return {f"{self.name}/{label}": fate for label, fate in self.members.items()} or {self.name: self.fate}


def loads(count: int, *, duplicate: int = 0) -> Fate:
    return Fate(count, duplicate=duplicate)


def sets_aside(loaded: int, *reasons: str) -> Fate:
    return Fate(loaded, reasons)


def refuses(phrase: str) -> Fate:
    return Fate(refused=phrase)


def order_no(tag: str, position: int = 0) -> str:
    """A number that no other file has."""
    return f"{int.from_bytes(hashlib.md5(tag.encode()).digest()[:4]) + 10**10}{position}"


def orders(tag: str, *changes: Mapping[str, str]) -> str:
    """A Taobao order list with a row for each of the changes, two for none."""
    return samples.taobao(*({"订单编号": order_no(tag, number), **change} for number, change in enumerate(changes or ({}, {}))))


def repeated(unit: bytes, times: int, *, before: bytes = b"", after: bytes = b"") -> bytes:
    """A gzip file of `before`, very often the unit, and `after`, made without holding what it unpacks to."""
    packer = zlib.compressobj(9, wbits=31)
    chunk = max(1, MEGABYTE // len(unit))
    parts = [packer.compress(before)]
    parts += [packer.compress(unit * min(chunk, times - done)) for done in range(0, times, chunk)]
    return b"".join([*parts, packer.compress(after), packer.flush()])


def packed(content: bytes | str) -> bytes:
    """gzip, the same bytes each time."""
    return gzip.compress(content.encode() if isinstance(content, str) else content, mtime=0)


def named(folder: str, files: Iterable[tuple[str, bytes | str, Fate]]) -> list[Hostile]:
    """Files below a folder; texts in UTF-8."""
    return [Hostile(f"{folder}/{name}", content.encode() if isinstance(content, str) else content, fate) for name, content, fate in files]
