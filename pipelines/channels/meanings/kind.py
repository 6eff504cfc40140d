"""What is said of one kind of row: its signs, the columns that it may be given, and what its words mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Value = Literal[
    "id", "text", "word", "amount", "price", "quantity", "integer", "instant", "date", "day_of_birth", "phone", "email", "contact"
]


@dataclass(frozen=True, slots=True)
class Slot:
    """A column that a table may be given. `field`: its name in the contract; `column`: the canonical one, where that is called otherwise.

    `unless`: words of headers that are something else, though they are worded alike.
    """

    field: str
    value: Value
    words: str
    is_needed: bool = False
    column: str | None = None
    unless: str = r"\Z\A"

    @property
    def canonical(self) -> str:
        return self.field if self.column is None else self.column


@dataclass(frozen=True, slots=True)
class Meanings:
    """A column of words of our own: which there are, which stands where nothing is known, and what foreign words begin with or hold."""

    words: tuple[str, ...]
    default: str
    hints: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of row. `signs`: each that any header bears speaks for it. `key`: the key column, `number` the slot that makes it.

    `constants`: canonical columns that no header names. `beside`: tables that the same rows often are as well.
    """

    table: str
    key: str
    signs: str
    slots: tuple[Slot, ...]
    number: str | None = None
    time: str | None = None
    constants: Mapping[str, str] = field(default_factory=dict)
    meanings: Mapping[str, Meanings] = field(default_factory=dict)
    beside: tuple[str, ...] = ()
    needs_person: bool = False
    one_of: tuple[str, ...] = ()  # slots of which at least one is needed
