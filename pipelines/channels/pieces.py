"""Run the plan of a large file piece by piece: what is held at once is a piece, and eight bytes a record to find what repeats.

Records are typed piece by piece and kept in staging. Then it is known which of them repeat and which groups, the lines of an order,
lie in more than one piece; the tables are filled from each piece without those, and at the end from those alone.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.channels.compiled import FILE, CompiledRule
from pipelines.channels.contract import WithinSpec
from pipelines.channels.execution import PARQUET, Results, equal, is_lossy, record_counts, tables_of
from pipelines.channels.formats import Format
from pipelines.channels.plan import (
    FAULT,
    Records,
    cells,
    faulty,
    fingerprints,
    good,
    in_file_order,
    loadable,
    record_count,
    records,
    table_rows,
    with_derived,
)
from pipelines.channels.quotes import Bools
from pipelines.channels.reading import Opened
from pipelines.contracts.tables import Table

Hashes = npt.NDArray[np.uint64]

_GROUP_SEED = 3
_CLAIM_ROWS = 2_000_000  # claims that are merged at once
_MERGED = ("_source_row", "first_seen_at", "last_seen_at")


def run_in_pieces(opened: Opened) -> Results:
    """What `run` gives for one file, whatever its size. A table gets a part a piece."""
    folder = opened.staging.with_name(f"{opened.staging.name}.pieces")
    try:
        return _Run(opened, folder).results()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Typed:
    """Typed records of all pieces: where each piece is kept, and what must be known before tables can be filled."""

    found: Records  # of the last piece: pieces differ in what they scan alone
    paths: tuple[Path, ...]
    counts: Counter[str]
    set_aside: pl.DataFrame
    twice: Hashes  # of required fields that more than one record has, sorted
    spread: Hashes  # of groups that lie in more than one piece, sorted

    def at(self, path: Path) -> Records:
        """The piece that is kept there."""
        return replace(self.found, typed=pl.scan_parquet(path, glob=False))


def group_key(item: Format) -> tuple[str, ...] | None:
    """The columns that keep together whatever the format groups by; None when it groups nothing.

    A contract whose groups have no column in common, known before anything is grouped, gets the empty key: all is one group.
    """
    groups = [set(source.within) for source in item.spec.derived.values() if isinstance(source, WithinSpec)]
    groups += [set(rule.rule.per) for rule in item.compiled.rules if rule.rule.per]
    if not groups:
        return None
    grouped: set[str] = set()
    for name, expression in item.compiled.derived:
        if isinstance(item.spec.derived[name], WithinSpec) or grouped & set(expression.meta.root_names()):
            grouped.add(name)
    return tuple(sorted(set.intersection(*groups) - grouped))


class _Run:
    """One call of run_in_pieces."""

    def __init__(self, opened: Opened, folder: Path) -> None:
        self._opened, self._item, self._folder = opened, opened.format, folder
        self._group = group_key(opened.format)
        self._parts: list[tuple[str, Path]] = []
        self._holes: dict[tuple[str, str], None] = {}
        self._claims: dict[int, list[Path]] = {}  # by rule
        self._firsts: list[datetime] = []
        self._lasts: list[datetime] = []
        folder.mkdir(parents=True)

    def results(self) -> Results:
        typed = self._type(())
        if is_lossy(typed.counts):
            typed = self._type((0,))
        repeated = self._repeated(typed)
        loaded = self._fill_all(typed, repeated)
        self._merge_claims()
        return Results(
            read_count=typed.counts["read"],
            loaded_count=loaded,
            repeated_count=len(repeated),
            first_at=min(self._firsts, default=None),
            last_at=max(self._lasts, default=None),
            totals=self._totals(typed, repeated),
            faulty=typed.set_aside,
            faults=typed.found.faults,
            parts=tuple(self._parts),
            holes=tuple(self._holes),
        )

    def _type(self, lossy: Sequence[int]) -> _Typed:
        """Type all pieces and keep them. `lossy`: the file's number when its ids were rounded."""
        item = self._item
        counts: Counter[str] = Counter()
        paths, set_aside, prints, groups = [], [], [], []
        found = records(cells([self._opened.scan], [self._opened.constants])[0], self._opened.scan.natives, item)
        for number, scan in enumerate(self._opened.pieces()):
            found = records(cells([scan], [self._opened.constants])[0], scan.natives, item, lossy_files=lossy)
            rows = found.typed.collect(engine="streaming")
            typed = replace(found, typed=rows.lazy())
            path = self._folder / f"typed-{number}.parquet"
            rows.write_parquet(path, compression="lz4", statistics=False)
            paths.append(path)
            if rows.height:
                counts.update(record_counts(typed, item).drop(FILE).collect().row(0, named=True))
            if rows[FAULT].max():
                set_aside.append(faulty(found, item).collect(engine="streaming"))
            if item.spec.repeated_rows == "drop":
                prints.append(fingerprints(typed, item).select("first").collect()["first"].to_numpy())
            if self._group:
                groups.append(np.unique(self._groups(loadable(typed, ()))))
        nothing = faulty(replace(found, with_texts=found.with_texts.clear()), item).collect()
        return _Typed(found, tuple(paths), counts, pl.concat([nothing, *set_aside]), _twice(prints), _twice(groups))

    def _groups(self, rows: pl.LazyFrame) -> Hashes:
        derived = with_derived(rows, self._item, self._opened.constants)
        return derived.select(pl.struct(self._group or ()).hash(_GROUP_SEED)).collect(engine="streaming").to_series().to_numpy()

    def _repeated(self, typed: _Typed) -> list[int]:
        """Numbers of the records that equal an earlier one in every field: looked for among those whose required fields do."""
        if not len(typed.twice):
            return []
        found = []
        for path in typed.paths:
            piece = typed.at(path)
            first = fingerprints(piece, self._item).collect(engine="streaming")
            candidates = first["number"].to_numpy()[np.isin(first["first"].to_numpy(), typed.twice)]
            if len(candidates):
                found.append(fingerprints(piece, self._item, candidates.tolist()).collect(engine="streaming"))
        return equal(pl.concat(found), with_first=False)

    def _fill_all(self, typed: _Typed, repeated: Sequence[int]) -> int:
        """Fill all tables; the number of records that were loaded."""
        loaded, spread_rows, most = 0, 0, 1
        spread_paths = []
        for number, path in enumerate(typed.paths):
            rows = loadable(typed.at(path), repeated).collect(engine="streaming")
            loaded += rows.select(record_count(self._item)).item()
            most = max(most, rows.height)
            is_spread = pl.Series(self._is_spread(rows, typed))
            if is_spread.any():
                kept = self._folder / f"spread-{number}.parquet"
                rows.filter(is_spread).write_parquet(kept, compression="lz4", statistics=False)
                spread_paths.append(kept)
                spread_rows += int(is_spread.sum())
                rows = rows.filter(~is_spread)
            self._fill(rows)
        shares = -(-spread_rows // most) if self._group else min(spread_rows, 1)
        for share in range(shares):
            self._fill(pl.concat(self._share(pl.read_parquet(path), share, shares) for path in spread_paths))
        return loaded

    def _share(self, rows: pl.DataFrame, share: int, shares: int) -> pl.DataFrame:
        """The rows whose groups fall into this share."""
        return rows.filter(pl.Series(self._groups(rows.lazy()) % shares == share)) if shares > 1 else rows

    def _is_spread(self, rows: pl.DataFrame, typed: _Typed) -> Bools:
        if self._group == ():
            return np.ones(rows.height, dtype=np.bool_)
        if self._group is None or not len(typed.spread):
            return np.zeros(rows.height, dtype=np.bool_)
        return np.isin(self._groups(rows.lazy()), typed.spread)

    def _fill(self, rows: pl.DataFrame) -> None:
        """A part of each table from these records, which hold every group whole."""
        if not rows.height:
            return
        item, constants = self._item, self._opened.constants
        frame = with_derived(rows.lazy(), item, constants).collect(engine="streaming")
        times = [frame[name] for name in item.spec.business_times]
        self._firsts += [first for column in times if isinstance(first := column.min(), datetime)]
        self._lasts += [last for column in times if isinstance(last := column.max(), datetime)]
        tables: list[tuple[Table, list[CompiledRule]]] = []
        claims = []
        for table in tables_of(item):
            rules = [rule for rule in item.compiled.rules if rule.table is table]
            tables.append((table, [rule for rule in rules if rule.claimed_at is None]))
            claims += [rule for rule in rules if rule.claimed_at is not None]
        tables = [(table, rules) for table, rules in tables if rules]
        plans = [table_rows(frame.lazy(), rules, item, [constants]) for _, rules in tables]
        plans += [table_rows(frame.lazy(), [rule], item, [constants]) for rule in claims]
        filled = pl.collect_all(plans, engine="streaming")
        for (table, _), found in zip(tables, filled[: len(tables)], strict=True):
            self._write(found, table)
        for rule, found in zip(claims, filled[len(tables) :], strict=True):
            number = item.compiled.rules.index(rule)
            paths = self._claims.setdefault(number, [])
            paths.append(self._folder / f"claims-{number}-{len(paths)}.parquet")
            found.write_parquet(paths[-1], compression="lz4", statistics=False)

    def _merge_claims(self) -> None:
        """One row a distinct claim of the file, a share of the claims at a time."""
        for number, paths in self._claims.items():
            table = self._item.compiled.rules[number].table
            claims = pl.scan_parquet(paths, glob=False)
            named = [name for name in table.column_names if name not in _MERGED]
            shares = -(-claims.select(pl.len()).collect().item() // _CLAIM_ROWS)
            for share in range(shares):
                mine = claims.filter(pl.struct(named).hash(_GROUP_SEED) % shares == share) if shares > 1 else claims
                merged = mine.group_by(FILE, *named).agg(pl.col("_source_row", "first_seen_at").min(), pl.col("last_seen_at").max())
                self._write(merged.collect(engine="streaming").select(FILE, *table.column_names), table)

    def _write(self, rows: pl.DataFrame, table: Table) -> None:
        if not rows.height:
            return
        for column in table.required:
            if rows[column].null_count():
                self._holes[table.name, column] = None
        path = self._opened.staging.with_name(f"{self._opened.staging.name}.{table.name}.{len(self._parts)}.parquet")
        in_file_order(rows).drop(FILE).write_parquet(path, **PARQUET)
        self._parts.append((table.name, path))

    def _totals(self, typed: _Typed, repeated: Sequence[int]) -> tuple[Any, ...]:
        totals = self._item.compiled.totals
        if not totals:
            return ()
        whole = replace(typed.found, typed=pl.scan_parquet(list(typed.paths), glob=False))
        frame = good(whole, self._item, self._opened.constants, repeated)
        return frame.select(total.alias(str(position)) for position, total in enumerate(totals)).collect(engine="streaming").row(0)


def _twice(hashes: Sequence[Hashes]) -> Hashes:
    """Values that are met more than once, sorted."""
    if not hashes:
        return np.empty(0, dtype=np.uint64)
    values = np.concatenate(hashes)
    values.sort()
    return np.unique(values[1:][values[1:] == values[:-1]])
