"""The vocabulary of a suite: rules as data, named after what they claim. Written without Great Expectations, whose import takes 2.5 s."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from pipelines.contracts.tables import Table

# Exports are made by people and tills: a share of odd rows is a fact about the shop and is reported, a flood of them is a broken reader.
TOLERATED_SHARE = 0.01


@dataclass(frozen=True, slots=True)
class Rule:
    """A SQL condition over one row. A row breaks it when the condition is false; null holds, as in a CHECK constraint.

    `tolerated` is the share of rows that may break it before the table is red; within it the rule is a warning.
    """

    claim: str
    holds: str
    tolerated: float = 0.0


@dataclass(frozen=True, slots=True)
class Unique:
    """Rows (of those that meet `where`) differ in `columns`."""

    columns: tuple[str, ...]
    where: str = "true"


@dataclass(frozen=True, slots=True)
class Suite:
    """What is expected of one table, besides what its contract says by itself: columns, required columns, key."""

    table: Table
    values: Mapping[str, tuple[str, ...]] = field(default_factory=dict)  # column -> all values that it may hold
    rules: tuple[Rule, ...] = ()
    unique: tuple[Unique, ...] = ()
    row_count: int | None = None

    @property
    def name(self) -> str:
        return self.table.name

    @property
    def keys(self) -> tuple[Unique, ...]:
        return (Unique(self.table.key), *self.unique)

    def count(self, has_rows: bool) -> int:
        """How many things are expected of the table; fewer of one without rows."""
        of_rows = len(self.table.required) + len(self.values) + len(self.keys) + len(self.rules)
        return 1 + (self.row_count is not None) + (of_rows if has_rows else 0)


def plausible(claim: str, holds: str) -> Rule:
    """A rule that real exports break now and then."""
    return Rule(claim, holds, TOLERATED_SHARE)


def one_of(column: str, *values: str) -> dict[str, tuple[str, ...]]:
    """`column` holds one of `values`, or null where the contract allows it."""
    return {column: values}


def suites_by_name(*suites: Suite) -> dict[str, Suite]:
    """Name -> suite; two suites for one table are a mistake in this package."""
    by_name = {suite.name: suite for suite in suites}
    if len(by_name) != len(suites):
        raise ValueError("two suites for one table")
    return by_name
