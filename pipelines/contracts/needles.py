"""Words as they may stand in the bytes of a file, and whether or where they do. Knows no files."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Sequence

_ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be")
_COUNTRY = ("86", "0086")  # before a Chinese phone it makes no other word

Needle = tuple[bytes, re.Pattern[bytes]]


def spellings(words: Iterable[str]) -> list[Needle]:
    """Each word in every encoding and as JSON may write it, with the pattern that tells a word of ASCII from a part of one."""
    found: dict[bytes, re.Pattern[bytes]] = {}
    for word in sorted(words):
        dressed = {f"{country}{word}" for country in _COUNTRY if re.fullmatch(r"1\d{10}", word)}
        for spelling in {word, json.dumps(word)[1:-1], *dressed}:
            for encoding in _ENCODINGS:
                needle = spelling.encode(encoding, "ignore")
                if needle:
                    found[needle] = _whole(needle)
    return list(found.items())


def holds_any(block: bytes, needles: Sequence[Needle]) -> bool:
    """Does one of the words stand in the block?"""
    return any(needle in block and whole.search(block) is not None for needle, whole in needles)


def masked_bytes(block: bytes, needles: Sequence[Needle]) -> bytes:
    """The block with stars in the place of each word: as many bytes as before."""
    for needle, whole in needles:
        if needle in block:
            block = whole.sub(b"*" * len(needle), block)
    return block


def _whole(needle: bytes) -> re.Pattern[bytes]:
    if not needle.isascii() or b"\0" in needle:
        return re.compile(re.escape(needle))
    return re.compile(rb"(?<![0-9A-Za-z])" + re.escape(needle) + rb"(?![0-9A-Za-z])")
