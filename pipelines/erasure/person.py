"""What is a person's: records, the identifiers that nobody else has, and the words by which files are searched. Changes nothing.

A value that somebody else's record carries too, a family's phone, is not the person's to take away: the records go, the value stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from pipelines.contracts.channel_tables import (
    CANONICAL_TABLES,
    CHANNEL_CONTACT_POINTS,
    CHANNEL_EVENTS,
    CHANNEL_ORDERS,
    CHANNEL_PAYMENTS,
    CHANNEL_PROFILES,
    CHANNEL_QUARANTINE,
    CHANNEL_SENDS,
)
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.identifiers import IDENTIFIER_TYPES
from pipelines.contracts.identity_tables import IDENTITY_CONTACT_POINTS, IDENTITY_CURRENT, IDENTITY_MEMBERS
from pipelines.contracts.normalization import comparable_values
from pipelines.contracts.tables import Table
from pipelines.contracts.tombstones import CUSTOMER, DEVICE, RECORD, VALUE, WORD, Tombstones, value_text, word_of

_KEY = "source_record_key"
# numbers of the books: they stay, and say nothing of anybody without the shop's own system
_BOOK_TYPES = ("payment_order_no",)
_SHORTEST_ID, _SHORTEST_NUMBER = 6, 8  # an id of fewer characters stands in other cells by chance
_NAMES = ("full_name", "nickname", "address")


@dataclass(frozen=True, slots=True)
class Person:
    """All of one customer, in clear: never printed, kept on disk only until the erasure is done.

    `values` are `type, scope, value`, those that no record of anybody else carries; `words` the same as they stand in files; `traces`
    besides names and addresses that nobody else has. `loads`: those that hold anything of it.
    """

    customer_ids: tuple[str, ...] = field(repr=False)
    records: tuple[str, ...] = field(repr=False)
    values: tuple[tuple[str, str, str], ...] = field(repr=False)
    shared_value_count: int
    words: tuple[str, ...] = field(repr=False)
    traces: tuple[str, ...] = field(repr=False)
    loads: tuple[str, ...]
    row_counts: dict[str, int]

    def tombstones(self) -> dict[str, list[str]]:
        """What is hashed, by kind."""
        return {
            RECORD: list(self.records),
            VALUE: ["\x1f".join(value) for value in self.values],
            WORD: list(self.words),
            CUSTOMER: list(self.customer_ids),
        }


def find_person(home: Home, config: Config, customer_id: str) -> Person:
    """Everything that the home knows of the customer of the last run, also under ids that nobody has any more."""
    current = _state(home, IDENTITY_CURRENT).select(_KEY, "customer_id")
    records = current.filter(pl.col("customer_id") == customer_id).collect()[_KEY].sort()
    contact_points = _state(home, IDENTITY_CONTACT_POINTS)
    values, shared = _own_values(home, contact_points, records)
    named = _named(home, records)
    words, raws = _spellings(home, config, records, named["number"], values)
    traces = {*raws, *words, *named[_KEY], *_names(home, records)}
    counts, loads = _rows(home, records, values, words)
    return Person(
        customer_ids=_ids(home, current, customer_id, records),
        records=tuple(records),
        values=tuple(values.select("type", "scope", "value").sort(pl.all()).iter_rows()),
        shared_value_count=shared,
        words=tuple(sorted(words)),
        traces=tuple(sorted(_searchable(traces))),
        loads=tuple(sorted(loads)),
        row_counts=counts,
    )


def was_forgotten(stop: Tombstones, config: Config, asked: str) -> bool:
    """Has what somebody asks for a tombstone?"""
    if not stop:
        return False
    raw = pl.DataFrame({"type": list(IDENTIFIER_TYPES), "value_raw": asked}, schema={"type": pl.String, "value_raw": pl.String})
    values = comparable_values(raw, config).with_columns(scope=pl.lit("global")).select(text=value_text())["text"]
    asked_for = {RECORD: pl.Series([asked]), CUSTOMER: pl.Series([asked]), WORD: pl.Series([word_of(asked)]), VALUE: values}
    return any(len(stop.among(kind, texts)) for kind, texts in asked_for.items())


def _ids(home: Home, current: pl.LazyFrame, customer_id: str, records: pl.Series) -> tuple[str, ...]:
    """The id, and those that its records once had and that nobody has now."""
    members = _state(home, IDENTITY_MEMBERS)
    once = members.filter(pl.col(_KEY).is_in(records.implode())).select("customer_id").unique()
    others = current.filter(pl.col("customer_id") != customer_id).select("customer_id").unique()
    return tuple(sorted({customer_id, *once.join(others, on="customer_id", how="anti").collect()["customer_id"]}))


def _own_values(home: Home, contact_points: pl.LazyFrame, records: pl.Series) -> tuple[pl.DataFrame, int]:
    """`type, scope, value` that only these records carry, and how many they share. A value that is no identity is nobody's own."""
    is_theirs = pl.col(_KEY).is_in(records.implode())
    named = ["type", "scope", "value"]
    carried = contact_points.filter("is_accepted").select(_KEY, *named)
    mine = carried.filter(is_theirs).select(named).unique()
    others = carried.filter(~is_theirs).join(mine, on=named, how="semi").select(named).unique()
    own, shared = pl.collect_all([mine.join(others, on=named, how="anti"), others])
    events = _channel(home, CHANNEL_EVENTS).select("channel", _KEY, "anonymous_id").filter(pl.col("anonymous_id").is_not_null())
    devices = events.filter(is_theirs).select("channel", "anonymous_id").unique()
    used_by_others = events.filter(~is_theirs).select("channel", "anonymous_id").unique()
    found = devices.join(used_by_others, on=["channel", "anonymous_id"], how="anti")
    of_devices = found.select(type=pl.lit(DEVICE), scope="channel", value="anonymous_id").collect()
    return pl.concat([own.select(named), of_devices]), shared.height


def _named(home: Home, records: pl.Series) -> pl.DataFrame:
    """`source_record_key, number`: the records by native ids that say something of the person.

    Some channels know a buyer by the number of the order alone: that is a number of the books, and stays with the order of nobody.
    """
    books = pl.concat(
        [
            _channel(home, table).select(number=pl.col(name).cast(pl.String)).drop_nulls()
            for table, name in (
                (CHANNEL_ORDERS, "order_no"),
                (CHANNEL_ORDERS, "order_id_channel"),
                (CHANNEL_PAYMENTS, "payment_no"),
                (CHANNEL_PAYMENTS, "merchant_order_no"),
            )
        ]
    )
    native = pl.LazyFrame({_KEY: records, "number": records.str.replace(r"^[^:]*:", "")})
    return native.join(books, on="number", how="anti").collect()


def _spellings(home: Home, config: Config, records: pl.Series, ids: pl.Series, values: pl.DataFrame) -> tuple[set[str], set[str]]:
    """The values and native ids as they may stand in a text, and as they were delivered."""
    points = _channel(home, CHANNEL_CONTACT_POINTS).filter(pl.col(_KEY).is_in(records.implode()))
    raw = points.select("type", "scope", "value_raw").unique().collect()
    compared = raw.join(comparable_values(raw.select("type", "value_raw").unique(), config), on=["type", "value_raw"])
    delivered = compared.join(values, on=["type", "scope", "value"], how="semi").filter(~pl.col("type").is_in(_BOOK_TYPES))
    own = values.filter(~pl.col("type").is_in(_BOOK_TYPES))["value"]
    words = {word_of(value) for value in (*own, *ids)}
    raws = {*delivered["value_raw"], *own, *ids}
    return set(_searchable(words)), raws


def _names(home: Home, records: pl.Series) -> set[str]:
    """Names and addresses that only these records have: they are searched for, but no tombstone is set, because namesakes come."""
    profiles = _channel(home, CHANNEL_PROFILES).select(_KEY, *_NAMES)
    is_theirs = pl.col(_KEY).is_in(records.implode())
    mine, others = (
        pl.concat([profiles.filter(whose).select(name=name).drop_nulls() for name in _NAMES]).unique() for whose in (is_theirs, ~is_theirs)
    )
    return set(mine.join(others, on="name", how="anti").collect()["name"])


def _searchable(texts: Iterable[str]) -> Iterable[str]:
    """Those that do not stand in other cells by chance."""
    for text in texts:
        shortest = _SHORTEST_NUMBER if text.isdecimal() else _SHORTEST_ID if text.isascii() else 2
        if len(text) >= shortest:
            yield text


def _rows(home: Home, records: pl.Series, values: pl.DataFrame, words: set[str]) -> tuple[dict[str, int], set[str]]:
    """Rows of each channel table that hold the person, and the loads that they came with."""
    counts: dict[str, int] = {}
    loads: set[str] = set()
    own = values["value"].implode()
    devices = values.filter(type=DEVICE)["value"].implode()
    for table in (*CANONICAL_TABLES, CHANNEL_QUARANTINE):
        if table is CHANNEL_QUARANTINE:
            is_theirs = pl.col("record_raw").str.to_lowercase().str.contains_any(sorted(words)) if words else pl.lit(value=False)
        elif _KEY not in table.column_names:
            continue
        else:
            is_theirs = pl.col(_KEY).is_in(records.implode())
            if table is CHANNEL_SENDS:
                is_theirs = is_theirs | pl.col("contact_value_raw").is_in(own)
            if table is CHANNEL_EVENTS:
                is_theirs = is_theirs | pl.col("anonymous_id").is_in(devices)
        found = _channel(home, table).filter(is_theirs).group_by("_load_id").len().collect()
        if found.height:
            counts[table.name] = int(found["len"].sum())
            loads.update(found["_load_id"])
    return counts, loads


def _channel(home: Home, table: Table) -> pl.LazyFrame:
    return _scan(sorted(home.table(table.name).glob("load=*/*.parquet")), table)


def _state(home: Home, table: Table) -> pl.LazyFrame:
    return _scan(sorted(home.table(table.name).glob("*.parquet")), table)


def _scan(parts: list[Path], table: Table) -> pl.LazyFrame:
    if not parts:
        return pl.LazyFrame(schema=table.schema)
    return pl.scan_parquet(parts, glob=False, hive_partitioning=False, missing_columns="insert", extra_columns="ignore")
