"""Which records of a file speak of somebody who was forgotten, and what of them may stay: amounts that name nobody.

A record is stopped whole, with all records of its group (the lines of an order), when a row that it would give has a source record or an
identifier with a tombstone. The books must balance without the person: rows of orders, lines, payments and refunds are loaded without key
and free text, and so are rows of tables that know no people. Everything else of the record is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from pipelines.channels.compiled import FILE, CompiledRule
from pipelines.channels.formats import Format
from pipelines.channels.loads import Load
from pipelines.channels.plan import Constants, group_key, record_number, with_derived
from pipelines.contracts.channel_tables import (
    BOOKS,
    CANONICAL_TABLES,
    CHANNEL_CONSENTS,
    CHANNEL_CONTACT_POINTS,
    CHANNEL_EVENTS,
    CHANNEL_SENDS,
)
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.identifiers import GLOBAL_SCOPE
from pipelines.contracts.tables import Personal, Table
from pipelines.contracts.tombstones import DEVICE, Tombstones

_NUMBER = "number"
_FREE_TEXTS = ("reason",)  # of refunds: people write their names there


def erased_numbers(typed: pl.LazyFrame, item: Format, constants: Constants, stop: Tombstones, config: Config) -> list[int]:
    """Numbers of the records that are stopped; `typed` are all records, those at fault too."""
    if not stop:
        return []
    frame = with_derived(typed, item, constants).with_columns(record_number().alias(_NUMBER)).collect(engine="streaming")
    found: set[int] = set()
    for rule in item.compiled.rules:
        said = {name: _of_records(rule, name) for name in rule.table.column_names if name in rule.rows or name in rule.after}
        rows = frame if rule.where is None else frame.filter(rule.where)
        if "source_record_key" in said:
            keys = rows.select(_NUMBER, key=said["source_record_key"])
            found.update(stop.stopped_records("key", keys)[_NUMBER])
        for kind, scope, value in _values(rule.table, said):
            values = rows.select(_NUMBER, type=kind, scope=scope, value_raw=value.cast(pl.String))
            found.update(stop.stopped_values(values, config)[_NUMBER])
    group = group_key(item)
    if found and group:
        named = frame.filter(pl.col(_NUMBER).is_in(list(found))).select(FILE, *group).unique()
        found.update(frame.join(named, on=[FILE, *group], how="semi")[_NUMBER])
    return sorted(found)


def may_stay(table: Table) -> bool:
    """True for the books and for tables that know no people."""
    return table in BOOKS or all(column.personal is Personal.NONE for column in table.columns)


def without_person(rows: pl.DataFrame | pl.LazyFrame, table: Table) -> pl.LazyFrame:
    """Rows of a table that may stay, as rows of nobody."""
    named = [column.name for column in table.columns if column.personal is not Personal.NONE or column.name in _FREE_TEXTS]
    return rows.lazy().with_columns(pl.lit(None, pl.String).alias(name) for name in named)


def _of_records(rule: CompiledRule, name: str) -> pl.Expr:
    """What the rule says of a record; of one in a group, what it says of the group."""
    if name in rule.after:
        return rule.after[name]
    return rule.rows[name].over(FILE, *rule.rule.per) if rule.rule.per else rule.rows[name]


def _values(table: Table, said: dict[str, pl.Expr]) -> Iterator[tuple[pl.Expr, pl.Expr, pl.Expr]]:
    """Type, scope and raw value of each identifier that a row of the table holds."""
    if table is CHANNEL_CONTACT_POINTS:
        yield said["type"], said["scope"], said["value_raw"]
    elif table is CHANNEL_CONSENTS:
        yield said["contact_type"], pl.lit(GLOBAL_SCOPE), said["contact_value_raw"]
    elif table is CHANNEL_SENDS and "contact_value_raw" in said:
        by_medium = pl.when(said["medium"] == "email").then(pl.lit("email")).otherwise(pl.lit("phone"))
        yield by_medium, pl.lit(GLOBAL_SCOPE), said["contact_value_raw"]
    elif table is CHANNEL_EVENTS and "anonymous_id" in said:
        yield pl.lit(DEVICE), pl.col("channel"), said["anonymous_id"]


def kept_books(home: Home, load: Load, rows: Sequence[int], staging: Path) -> Iterator[tuple[str, Path]]:
    """Parts with what records gave to the books that are cut out of the copy of the load: only the lake still has it."""
    if not rows:
        return
    for table in filter(may_stay, CANONICAL_TABLES):
        parts = sorted((home.table(table.name) / f"load={load.load_id}").glob("*.parquet"))
        kept = [part.filter(pl.col("_source_row").is_in(list(rows))) for part in map(pl.read_parquet, parts)]
        found = pl.concat([pl.DataFrame(schema=table.schema), *kept], how="diagonal_relaxed")
        if found.height:
            path = staging / f"{load.load_id}.{table.name}.books.parquet"
            found.select(pl.col(name).cast(dtype) for name, dtype in table.schema.items()).write_parquet(path)
            yield table.name, path
