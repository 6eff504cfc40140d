"""Run the plan of a large file piece by piece: what is held at once is a piece, and eight bytes a record to find what repeats.

Records are typed piece by piece and kept. Then it is known which of them repeat and which groups, the lines of an order, lie in more
than one piece; the tables are filled from each piece without those, and at the end from those alone. Two pieces are worked on at a
time, because what one does alone, sorting or beginning a file, leaves a core to the other.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl

from pipelines.channels.beside import in_order
from pipelines.channels.compiled import FILE, CompiledRule
from pipelines.channels.erased import erased_numbers, may_stay, without_person
from pipelines.channels.execution import PARQUET, Results, Stop, equal, is_lossy, record_counts, rows_by_file, tables_of
from pipelines.channels.plan import (
    FAULT,
    Records,
    cells,
    faulty,
    fingerprints,
    good,
    group_key,
    in_file_order,
    is_among,
    loadable,
    record_count,
    record_number,
    records,
    table_rows,
    with_derived,
)
from pipelines.channels.reading import Opened
from pipelines.channels.scans import Scan
from pipelines.channels.shelf import Shelf
from pipelines.contracts.tables import Table

Hashes = npt.NDArray[np.uint64]

_NO_HASHES: Hashes = np.empty(0, dtype=np.uint64)
_GROUP_SEED = 3
_CLAIM_ROWS = 2_000_000  # claims that are merged at once
_MERGED = ("_source_row", "first_seen_at", "last_seen_at")


def run_in_pieces(opened: Opened, stop: Stop) -> Results:
    """What `run` gives for one file, whatever its size. A table gets a part a piece."""
    folder = opened.staging.with_name(f"{opened.staging.name}.pieces")
    try:
        return _Run(opened, folder, stop).results()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(frozen=True, slots=True)
class _Piece:
    """Typed records of a piece, and what is known of it before tables can be filled."""

    typed: pl.LazyFrame
    counts: Mapping[str, int]
    set_aside: pl.DataFrame | None
    prints: Hashes  # of required fields, where repeated records are dropped
    groups: Hashes  # that lie in it, each once


@dataclass(frozen=True, slots=True)
class _Typed:
    """All pieces, and what must be known of them together."""

    found: Records  # of the whole file: what is told of faults
    pieces: tuple[pl.LazyFrame, ...]
    counts: Counter[str]
    set_aside: pl.DataFrame
    twice: Hashes  # of required fields that more than one record has, sorted
    spread: Hashes  # of groups that lie in more than one piece, sorted

    def records(self) -> Iterator[Records]:
        """Of one piece after the other."""
        return (replace(self.found, typed=typed) for typed in self.pieces)


@dataclass(frozen=True, slots=True)
class _Filled:
    """What some of the records gave."""

    loaded_count: int = 0
    parts: tuple[tuple[str, Path], ...] = ()
    holes: tuple[tuple[str, str], ...] = ()
    claims: tuple[tuple[int, pl.LazyFrame], ...] = ()  # with the number of their rule: to be merged with those of other pieces
    times: tuple[datetime, ...] = ()  # first and last of each business time


class _Run:
    """One call of run_in_pieces."""

    def __init__(self, opened: Opened, folder: Path, stop: Stop) -> None:
        self._opened, self._item, self._shelf, self._stop = opened, opened.format, Shelf(folder), stop
        self._group = group_key(opened.format)
        self._part_numbers = count()

    def results(self) -> Results:
        typed = self._type(())
        if is_lossy(typed.counts):
            typed = self._type((0,))
        erased, repeated = self._erased(typed), self._repeated(typed)
        filled = [*self._fill_all(typed, [*repeated, *erased]), *self._fill_books(typed, repeated, erased)]
        filled += self._merge_claims([claims for one in filled for claims in one.claims])
        times = [moment for one in filled for moment in one.times]
        return Results(
            read_count=typed.counts["read"],
            loaded_count=sum(one.loaded_count for one in filled),
            repeated_count=len({*repeated} - {*erased}),
            first_at=min(times, default=None),
            last_at=max(times, default=None),
            totals=self._totals(typed, [*repeated, *erased]),
            faulty=typed.set_aside.filter(~is_among(erased)) if erased else typed.set_aside,
            faults=typed.found.faults,
            parts=tuple(part for one in filled for part in one.parts),
            holes=tuple(dict.fromkeys(hole for one in filled for hole in one.holes)),
            erased_rows=rows_by_file(erased).get(0, ()),
        )

    def _type(self, lossy: Sequence[int]) -> _Typed:
        """Type all pieces and keep them. `lossy`: the file's number when its ids were rounded."""
        found = self._records(self._cells(self._opened.scan), self._opened.scan.natives, lossy)
        pieces = list(in_order(partial(self._typed_piece, lossy), self._opened.pieces()))
        counts: Counter[str] = Counter()
        for piece in pieces:
            counts.update(piece.counts)
        nothing = faulty(replace(found, with_texts=found.with_texts.clear()), self._item).collect()
        set_aside = pl.concat([nothing, *(piece.set_aside for piece in pieces if piece.set_aside is not None)])
        twice, spread = _twice([piece.prints for piece in pieces]), _twice([piece.groups for piece in pieces])
        return _Typed(found, tuple(piece.typed for piece in pieces), counts, set_aside, twice, spread)

    def _cells(self, scan: Scan) -> pl.LazyFrame:
        return cells([scan], [self._opened.constants])[0]

    def _records(self, raw: pl.LazyFrame, natives: Mapping[str, pl.DataType | None], lossy: Sequence[int]) -> Records:
        return records(raw, natives, self._item, lossy_files=lossy)

    def _typed_piece(self, lossy: Sequence[int], scan: Scan) -> _Piece:
        item = self._item
        # parsed first and whole: a hundred expressions over each of the small blocks that the parser hands on take a third more time
        found = self._records(self._cells(scan).collect().rechunk().lazy(), scan.natives, lossy)
        rows = found.typed.collect()
        typed = replace(found, typed=rows.lazy())
        prints = groups = _NO_HASHES
        if item.spec.repeated_rows == "drop":
            prints = fingerprints(typed, item).select("first").collect(engine="streaming")["first"].to_numpy()
        if self._group:
            groups = self._groups(loadable(typed, ())).unique().to_numpy()
        return _Piece(
            self._shelf.keep(rows),
            record_counts(typed, item).drop(FILE).collect().row(0, named=True) if rows.height else {},
            faulty(found, item).collect(engine="streaming") if rows[FAULT].max() else None,
            prints,
            groups,
        )

    def _groups(self, rows: pl.LazyFrame) -> pl.Series:
        derived = with_derived(rows, self._item, self._opened.constants)
        return derived.select(pl.struct(self._group or ()).hash(_GROUP_SEED)).collect(engine="streaming").to_series()

    def _repeated(self, typed: _Typed) -> list[int]:
        """Numbers of the records that equal an earlier one in every field: looked for among those whose required fields do."""
        if not len(typed.twice):
            return []
        found = []
        for piece in typed.records():
            first = fingerprints(piece, self._item).collect(engine="streaming")
            candidates = first["number"].to_numpy()[np.isin(first["first"].to_numpy(), typed.twice)]
            if len(candidates):
                found.append(fingerprints(piece, self._item, candidates.tolist()).collect(engine="streaming"))
        return equal(pl.concat(found), with_first=False)

    def _erased(self, typed: _Typed) -> list[int]:
        """Numbers of the records that are stopped, with all of their groups in whatever pieces these lie."""
        if not self._stop.tombstones:
            return []
        found: list[int] = []
        for piece in typed.records():
            found += erased_numbers(piece.typed, self._item, self._opened.constants, self._stop.tombstones, self._stop.config)
        if not found or not self._group:
            return found
        named = np.concatenate([self._groups(piece.typed.filter(is_among(found))).to_numpy() for piece in typed.records()])
        whole = {*found}
        for piece in typed.records():
            rows = piece.typed.select(pl.all(), record_number().alias("number")).collect()
            whole.update(rows["number"].filter(np.isin(self._groups(rows.lazy()).to_numpy(), named)))
        return sorted(whole)

    def _fill_books(self, typed: _Typed, repeated: Sequence[int], erased: Sequence[int]) -> Iterator[_Filled]:
        """What stopped records give to the books."""
        if not erased:
            return
        item, constants = self._item, self._opened.constants
        some = pl.concat(loadable(piece, repeated).filter(is_among(erased)) for piece in typed.records())
        frame = with_derived(some, item, constants).collect(engine="streaming").lazy()
        for table in tables_of(item):
            if may_stay(table):
                rules = [rule for rule in item.compiled.rules if rule.table is table]
                yield self._write(without_person(table_rows(frame, rules, item, [constants]), table).collect(), table)

    def _fill_all(self, typed: _Typed, repeated: Sequence[int]) -> Iterator[_Filled]:
        """Fill all tables: from each piece, then from the groups that lie in several."""
        spread: list[pl.LazyFrame] = []
        spread_rows, most = 0, 1
        for filled, rest, height in in_order(partial(self._filled_piece, typed.spread, repeated), typed.records()):
            yield filled
            most = max(most, height)
            if rest is not None:
                spread.append(self._shelf.keep_selection(rest))
                spread_rows += rest.height
        shares = -(-spread_rows // most) if self._group else min(spread_rows, 1)
        yield from in_order(lambda share: self._fill(pl.concat(self._share(rows, share, shares) for rows in spread)), range(shares))

    def _filled_piece(self, spread: Hashes, repeated: Sequence[int], piece: Records) -> tuple[_Filled, pl.DataFrame | None, int]:
        """Also the records whose group lies in other pieces too, and how many there were in all."""
        rows = loadable(piece, repeated).collect(engine="streaming")
        is_spread = self._is_spread(rows, spread)
        if not is_spread.any():
            return self._fill(rows), None, rows.height
        return self._fill(rows.filter(~is_spread)), rows.filter(is_spread), rows.height

    def _share(self, rows: pl.LazyFrame, share: int, shares: int) -> pl.DataFrame:
        """The rows whose groups fall into this share."""
        found = rows.collect(engine="streaming")
        return found.filter(self._groups(rows) % shares == share) if shares > 1 else found

    def _is_spread(self, rows: pl.DataFrame, spread: Hashes) -> pl.Series:
        if self._group == ():
            return pl.repeat(value=True, n=rows.height, eager=True)
        if self._group is None or not len(spread):
            return pl.repeat(value=False, n=rows.height, eager=True)
        return pl.Series(np.isin(self._groups(rows.lazy()).to_numpy(), spread))

    def _fill(self, rows: pl.DataFrame) -> _Filled:
        """A part of each table from these records, which hold every group whole."""
        if not rows.height:
            return _Filled()
        item, constants = self._item, self._opened.constants
        frame = with_derived(rows.lazy(), item, constants).collect(engine="streaming")
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
        written = [self._write(found, table) for (table, _), found in zip(tables, filled[: len(tables)], strict=True)]
        numbers = [item.compiled.rules.index(rule) for rule in claims]
        moments = [moment for name in item.spec.business_times for moment in (frame[name].min(), frame[name].max())]
        return _Filled(
            loaded_count=rows.select(record_count(item)).item(),
            parts=tuple(part for one in written for part in one.parts),
            holes=tuple(hole for one in written for hole in one.holes),
            claims=tuple((number, self._shelf.keep_selection(found)) for number, found in zip(numbers, filled[len(tables) :], strict=True)),
            times=tuple(moment for moment in moments if isinstance(moment, datetime)),
        )

    def _merge_claims(self, claims: Sequence[tuple[int, pl.LazyFrame]]) -> Iterator[_Filled]:
        """One row a distinct claim of the file, a share of the claims at a time."""
        for number in dict.fromkeys(number for number, _ in claims):
            table = self._item.compiled.rules[number].table
            mine = pl.concat([frame for rule, frame in claims if rule == number])
            named = [name for name in table.column_names if name not in _MERGED]
            shares = -(-mine.select(pl.len()).collect().item() // _CLAIM_ROWS)
            for share in range(shares):
                some = mine.filter(pl.struct(named).hash(_GROUP_SEED) % shares == share) if shares > 1 else mine
                merged = some.group_by(FILE, *named).agg(pl.col("_source_row", "first_seen_at").min(), pl.col("last_seen_at").max())
                yield self._write(merged.collect(engine="streaming").select(FILE, *table.column_names), table)

    def _write(self, rows: pl.DataFrame, table: Table) -> _Filled:
        if not rows.height:
            return _Filled()
        path = self._opened.staging.with_name(f"{self._opened.staging.name}.{table.name}.{next(self._part_numbers)}.parquet")
        in_file_order(rows).drop(FILE).write_parquet(path, **PARQUET)
        holes = tuple((table.name, column) for column in table.required if rows[column].null_count())
        return _Filled(parts=((table.name, path),), holes=holes)

    def _totals(self, typed: _Typed, repeated: Sequence[int]) -> tuple[Any, ...]:
        totals = self._item.compiled.totals
        if not totals:
            return ()
        whole = replace(typed.found, typed=pl.concat(typed.pieces))
        frame = good(whole, self._item, self._opened.constants, repeated)
        return frame.select(total.alias(str(position)) for position, total in enumerate(totals)).collect(engine="streaming").row(0)


def _twice(hashes: Sequence[Hashes]) -> Hashes:
    """Values that are met more than once, sorted."""
    values = np.concatenate([_NO_HASHES, *hashes])
    values.sort()
    return np.unique(values[1:][values[1:] == values[:-1]])
