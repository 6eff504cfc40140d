"""How rows of the identity tables are worded on a terminal: one line each, control characters gone, long parts cut."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any

from pipelines.contracts.masking import shortened

SHOWN = 50  # of each part of a text; JSON holds all
_WIDTH = 80


def plain(text: str, *, to: int = _WIDTH) -> str:
    """Text of a lake on one line of a terminal."""
    return shortened(text, to=to)


def named(one: Any) -> str:
    """`phone +86***70`, `unionid oX1***9a (shop)`: type, value, and the scope where it says something."""
    scope = "" if one.scope in ("global", "must_link") else f" ({plain(one.scope)})"
    return f"{plain(one.type)} {plain(one.value)}".rstrip() + scope


def proven(proof: Any) -> str:
    """The file and line that prove it."""
    return f"{plain(proof.file_path) if proof.file_path else 'load ' + plain(proof.load_id)} line {proof.line}"


def counted(count: int, noun: str) -> str:
    """`1 record`, `2 records`."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def figure(value: Decimal | None, unit: str) -> str:
    """A figure with its unit; `-` where there is none."""
    if value is None:
        return "-"
    return f"{value * 100:.1f} %" if unit == "rate" else f"{value:,.2f} {unit}"


def cut(rows: Sequence[str], count: int | None = None) -> list[str]:
    """The first rows, and how many more there are: one customer in ten thousand has hundreds of records."""
    rest = (len(rows) if count is None else count) - SHOWN
    if rest <= 0:
        return list(rows)
    return [*(rows if count is not None else rows[:SHOWN]), f"  ... and {rest:,} more, see --json"]


def part(title: str, rows: Sequence[str], count: int | None = None) -> Iterator[str]:
    """A part of the text with its title; nothing when there is nothing to say."""
    if rows:
        yield from ("", title, *cut(rows, count))
