"""Values of people, made fit for a screen or a log: enough to find the cell, too little to know the person."""

from __future__ import annotations

import re

_EMAIL = re.compile(r"[^\s@<>,;:'\"]+@([^\s@<>,;:'\"]+)")
_DIGITS = re.compile(r"\+?\d(?:[\s-]?\d){6,}")  # phones, cards, accounts: seven digits or more, however they are grouped
_DAY = re.compile(r"((?<!\d)(?:19|20)\d\d-[01]\d-[0-3]\d(?!\d))")
_SHOWN_TO = 40


def masked(value: str) -> str:
    """`13800000001` -> `138***01`, `lee@example.com` -> `l***@example.com`, `taobao:lee` -> `taobao:l***`, `不明` -> `不***`.

    How long it was is not told.
    """
    text = value.strip()
    if not text:
        return text
    channel, colon, rest = text.partition(":")
    if colon and channel.isidentifier() and channel.isascii() and rest:
        return f"{channel}:{masked(rest)}"
    email = _EMAIL.fullmatch(text)
    if email:
        return f"{text[0]}***@{email[1]}"
    if len(text) >= 7 and text.isascii():
        return f"{text[:3]}***{text[-2:]}"
    return f"{text[0]}***"


def scrubbed(text: str) -> str:
    """Free text with what is shaped like an e-mail address or a long number masked; the rest stays, days included."""
    pieces = _DAY.split(_EMAIL.sub(lambda match: masked(match[0]), text))
    return "".join(piece if number % 2 else _DIGITS.sub(lambda match: masked(match[0]), piece) for number, piece in enumerate(pieces))


def shortened(text: str, *, to: int = _SHOWN_TO) -> str:
    """At most `to` characters, control characters shown as spaces: a cell may hold a page."""
    line = " ".join("".join(character if character.isprintable() else " " for character in text).split())
    return line if len(line) <= to else f"{line[: to - 1]}…"
