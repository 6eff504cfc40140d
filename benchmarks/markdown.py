"""The file of results: a part for each thing that is measured, replaced when it is measured anew; and its tables and goals."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from benchmarks.machine import machine, versions

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Goal:
    """What was promised and what came out; met when `measured` is at most `limit`, or at least where it is a floor."""

    name: str
    limit: float
    measured: float
    unit: str
    is_floor: bool = False

    @property
    def is_met(self) -> bool:
        return self.measured >= self.limit if self.is_floor else self.measured <= self.limit

    @property
    def promised(self) -> str:
        """The limit in words."""
        return f"{'at least' if self.is_floor else 'at most'} {self.limit:g} {self.unit}".rstrip()

    @property
    def found(self) -> str:
        """What was measured; shares that must come near 1 with the digits that tell them apart."""
        return f"{self.measured:.{5 if self.is_floor else 2}f} {self.unit}".rstrip()


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Lines of a table whose first column is text."""
    yield "| " + " | ".join(head) + " |"
    yield "|" + "|".join(["---", *["---:"] * (len(head) - 1)]) + "|"
    for row in rows:
        yield "| " + " | ".join(row) + " |"
    yield ""


def goal_table(goals: Sequence[Goal]) -> Iterator[str]:
    """Lines of a section on goals."""
    yield "## Goals"
    yield ""
    yield from table(
        ("goal", "promised", "measured", "met"),
        [(goal.name, goal.promised, goal.found, "yes" if goal.is_met else "**no**") for goal in goals],
    )


def measured_with(measured_on: date, command: str = "make bench") -> Iterator[str]:
    """Lines on when and on what."""
    yield f"Measured on {measured_on} with `{command}`: {machine()}."
    yield "Versions: " + ", ".join(f"{name} {number}" for name, number in versions().items()) + "."
    yield ""


def write_part(path: Path, text: str) -> None:
    """Put a part, which begins with its `# title`, in the place of the one with the same title, or at the end."""
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    parts = {part.split("\n", 1)[0]: part.strip() for part in re.split(r"^(?=# )", old, flags=re.MULTILINE) if part.strip()}
    parts[text.split("\n", 1)[0]] = text.strip()
    path.write_text("\n\n".join(parts.values()) + "\n", encoding="utf-8")
