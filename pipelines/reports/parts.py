"""What a page is made of: sections of charts and tables, in words of one language. Knows neither the database nor HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Figures:
    """A table: texts as a reader sees them. `numbers`: the columns of numbers, which stand to the right."""

    header: Sequence[str]
    rows: Sequence[Sequence[str]]
    numbers: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Tile:
    """One figure of the day with what it was before."""

    label: str
    value: str
    before: str
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Part:
    """A chart with its figures, a table alone, or, without either, the note that says why there is nothing to show."""

    title: str
    note: str
    svg: str | None = None
    figures: Figures | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """What one reader comes for. `name` is its anchor."""

    name: str
    title: str
    parts: Sequence[Part]
    tiles: Sequence[Tile] = ()
