"""Are two sets of figures equal, and if not, where? Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Figures = Mapping[str, Mapping[str, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """One figure that differs; None where a side lacks it."""

    section: str
    name: str
    left: str | None
    right: str | None


def differences(left: Figures, right: Figures) -> list[Difference]:
    """Every figure that is not the same on both sides, in order."""
    found = []
    for section in sorted({*left, *right}):
        ours, theirs = left.get(section, {}), right.get(section, {})
        for name in sorted({*ours, *theirs}):
            if ours.get(name) != theirs.get(name):
                found.append(Difference(section, name, ours.get(name), theirs.get(name)))
    return found


def figure_counts(figures: Figures) -> dict[str, int]:
    """How many figures each section holds."""
    return {section: len(values) for section, values in figures.items()}
