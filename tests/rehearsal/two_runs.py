"""Two runs of a few rows, and the same comparison in plain Python: written from what the report promises, not from its SQL."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import duckdb

_TYPES = {
    "records": "source_record_key varchar, customer_id varchar",
    "facts": "kind varchar, fact_key varchar, customer_id varchar, amount decimal(18, 2)",
    "tiers": "customer_id varchar, preset varchar, rfm_tier varchar, monetary_amount decimal(18, 2)",
    "kpis": (
        "metric varchar, period_grain varchar, period_start date, dimension varchar, dimension_value varchar,"
        " numerator decimal(18, 2), denominator decimal(18, 2), value decimal(18, 6), unit varchar"
    ),
    "memberships": "segment_name varchar, customer_id varchar, outcome varchar",
}
Row = tuple[Any, ...]


@dataclass
class Side:
    """The tables of one run, in the columns of `load_outcome`."""

    records: dict[str, str]  # source record -> customer
    facts: list[Row] = field(default_factory=list)
    tiers: list[Row] = field(default_factory=list)
    kpis: list[Row] = field(default_factory=list)
    memberships: list[Row] = field(default_factory=list)

    def tables(self) -> dict[str, Sequence[Row]]:
        others = {name: getattr(self, name) for name in ("facts", "tiers", "kpis", "memberships")}
        return {"records": list(self.records.items()), **others}


@contextmanager
def loaded(before: Side, after: Side) -> Iterator[duckdb.DuckDBPyConnection]:
    """A database with the schemas `before` and `after`."""
    with duckdb.connect(":memory:", config={"threads": 1}) as connection:
        for name, side in (("before", before), ("after", after)):
            connection.execute(f"create schema {name}")
            for table, rows in side.tables().items():
                connection.execute(f"create table {name}.{table} ({_TYPES[table]})")
                if rows:
                    connection.execute(f"insert into {name}.{table} values {', '.join(_literals(row) for row in rows)}")
        yield connection


def _literals(row: Row) -> str:
    return f"({', '.join('null' if cell is None else repr(str(cell)) for cell in row)})"


def matched(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    """Customer of before -> the same person's id after: the largest overlap first, then who kept the id, then the smaller ids."""
    overlaps: dict[tuple[str, str], int] = defaultdict(int)
    for record in before.keys() & after.keys():
        overlaps[before[record], after[record]] += 1
    pairs: dict[str, str] = {}
    for one, other in sorted(overlaps, key=lambda pair: (-overlaps[pair], pair[0] != pair[1], *pair)):
        if one not in pairs and other not in pairs.values():
            pairs[one] = other
    return pairs


def brute_force(before: Side, after: Side) -> dict[str, Any]:
    """The report, counted row by row."""
    same = matched(before.records, after.records)
    back = {other: f"b:{one}" for one, other in same.items()}

    def person(side: str, customer: str | None) -> str | None:
        if customer is None:
            return None
        return f"b:{customer}" if side == "before" else back.get(customer, f"a:{customer}")

    olds, news = set(before.records.values()), set(after.records.values())
    both = before.records.keys() & after.records.keys()
    sources = {new: {before.records[r] for r in both if after.records[r] == new} for new in news}
    targets = {old: {after.records[r] for r in both if before.records[r] == old} for old in olds}
    merges, splits = {n: s for n, s in sources.items() if len(s) > 1}, {o: t for o, t in targets.items() if len(t) > 1}
    return {
        "customers": {
            "before": len(olds),
            "after": len(news),
            "merges": len(merges),
            "merged": len(set().union(*merges.values())),
            "splits": len(splits),
            "split_into": len(set().union(*splits.values())),
            "renamed": sum(one != other for one, other in same.items()),
            "records_moved": sum(same.get(before.records[r]) != after.records[r] for r in both),
            "merge_examples": {new: set(found) for new, found in merges.items()},
            "split_examples": {old: set(found) for old, found in splits.items()},
            "renamed_examples": {one: {other} for one, other in same.items() if one != other},
        },
        "segments": _segments(before, after, person),
        "tiers": _tiers(before, after, person),
        "kpis": _kpis(before, after),
        **_moved(before, after, person),
        "money": _money(before, after, person),
    }


def _segments(before: Side, after: Side, person: Any) -> dict[str, Row]:
    found = {}
    for name in {row[0] for row in (*before.memberships, *after.memberships)}:
        counts: list[int] = []
        for outcomes in (lambda _: True, lambda outcome: outcome == "exported"):
            old = {person("before", c) for s, c, outcome in before.memberships if s == name and outcomes(outcome)}
            new = {person("after", c) for s, c, outcome in after.memberships if s == name and outcomes(outcome)}
            counts += [len(old), len(new), len(new - old), len(old - new)]
        if any(counts[place] for place in (2, 3, 6, 7)):
            found[name] = tuple(counts)
    return found


def _tiers(before: Side, after: Side, person: Any) -> dict[tuple[str, str], Row]:
    found = {}
    for key in {(preset, tier) for _, preset, tier, _ in (*before.tiers, *after.tiers)}:
        old = {person("before", c): amount for c, *tier, amount in before.tiers if tuple(tier) == key}
        new = {person("after", c): amount for c, *tier, amount in after.tiers if tuple(tier) == key}
        entered, left = len(new.keys() - old.keys()), len(old.keys() - new.keys())
        if entered or left or sum(old.values()) != sum(new.values()):
            found[key] = (len(old), len(new), entered, left, sum(old.values()), sum(new.values()))
    return found


def _kpis(before: Side, after: Side) -> dict[Row, Row]:
    old, new = ({row[:5]: row[5:] for row in side.kpis} for side in (before, after))
    return {key: (old.get(key), new.get(key)) for key in old.keys() | new.keys() if old.get(key) != new.get(key)}


def _moved(before: Side, after: Side, person: Any) -> dict[str, tuple[int, Decimal]]:
    old = {(kind, key): (person("before", c), amount) for kind, key, c, amount in before.facts}
    new = {(kind, key): (person("after", c), amount) for kind, key, c, amount in after.facts}
    counts = {}
    for kind, name in (("order", "orders"), ("send", "sends"), ("points", "points")):
        facts = [fact for fact in old.keys() | new.keys() if fact[0] == kind]
        moved = [fact for fact in facts if fact not in old or fact not in new or old[fact][0] != new[fact][0]]
        counts[name] = (len(moved), sum((old.get(fact) or new[fact])[1] for fact in moved))
    return counts


def _money(before: Side, after: Side, person: Any) -> tuple[int, Decimal]:
    differences: dict[str, Decimal] = defaultdict(Decimal)
    for side, rows, sign in (("before", before.facts, -1), ("after", after.facts, 1)):
        for kind, _, customer, amount in rows:
            if kind == "order" and customer is not None:
                differences[person(side, customer)] += sign * amount
    changed = [abs(amount) for amount in differences.values() if amount]
    return len(changed), sum(changed, Decimal(0))


def as_counted(report: Any) -> dict[str, Any]:
    """A `Comparison` in the shape of `brute_force`."""
    people = {name: getattr(report.customers, name) for name in report.customers.__slots__}
    people |= {name: {one: set(found) for one, found in people[name]} for name in people if name.endswith("_examples")}
    kpis = {}
    for row in report.kpis:
        key = (row.metric, row.period_grain, row.period_start, row.dimension, row.dimension_value)
        sides = (
            (row.numerator_before, row.denominator_before, row.value_before),
            (row.numerator_after, row.denominator_after, row.value_after),
        )
        kpis[key] = tuple(None if side == (None, None, None) else (*side, row.unit) for side in sides)
    return {
        "customers": people,
        "segments": {row.segment_name: tuple(getattr(row, name) for name in row.__slots__[1:]) for row in report.segments},
        "tiers": {(row.preset, row.rfm_tier): tuple(getattr(row, name) for name in row.__slots__[2:]) for row in report.tiers},
        "kpis": kpis,
        **{name: (getattr(report, name).count, getattr(report, name).amount) for name in ("orders", "sends", "points")},
        "money": (report.money.people, report.money.absolute_amount),
    }


DAY = date(2026, 5, 1)
