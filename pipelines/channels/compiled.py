"""Compile a contract once: SQL text to Polars expressions, checked against the canonical tables. Nothing is read from a delivery."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PolarsError

from pipelines.channels.cleaners import CLEANERS
from pipelines.channels.contract import FormatSpec, TableRule, WithinSpec, nearest
from pipelines.channels.typed import VALUE_TYPES
from pipelines.channels.yaml_lines import Path
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.tables import POLARS_TYPES, Column, Table, Type

TABLES_BY_NAME: Mapping[str, Table] = {table.name: table for table in CANONICAL_TABLES}

FILE = "_file"  # number of the file among those that are read together

# what an expression may name besides fields; the same for every record of a file
CONSTANTS: Mapping[str, pl.DataType] = {
    "channel": pl.String(),
    "currency_code": pl.String(),  # unless the export has a field of this name
    "default_currency_code": pl.String(),
    "exported_at": POLARS_TYPES[Type.INSTANT],
    # when what a snapshot says is claimed: at its export; one made after midnight speaks of the day before
    "snapshot_at": POLARS_TYPES[Type.INSTANT],
    "source_row": pl.Int64(),
}
_WINDOW = re.compile(r"(?i)\bover\s*\(")
_FILLED = frozenset({"channel", "currency_code", "_load_id", "_source_row", "_exported_at"})  # when the rule says nothing
_CLAIMED = frozenset({"first_seen_at", "last_seen_at"})


class MeaningError(ValueError):
    """A contract that is well formed and wrong; `path` leads to its line."""

    def __init__(self, path: Path, what: str) -> None:
        self.path = path
        super().__init__(what)


@dataclass(frozen=True, slots=True)
class CompiledRule:
    """A rule as expressions over the typed frame.

    `rows` is evaluated on records (or as aggregates, with `per`), `after` on the grouped rows: what depends on the keys alone.
    """

    table: Table
    rule: TableRule
    where: pl.Expr | None
    rows: Mapping[str, pl.Expr]
    after: Mapping[str, pl.Expr]
    claimed_at: pl.Expr | None


@dataclass(frozen=True, slots=True)
class Compiled:
    """The expressions of a contract, in contract order."""

    derived: tuple[tuple[str, pl.Expr], ...]
    rules: tuple[CompiledRule, ...]
    totals: tuple[pl.Expr, ...]


def compile_format(spec: FormatSpec) -> Compiled:
    """Raises MeaningError at the first thing that cannot be: an unknown cleaner, field, table or column, a wrong type."""
    _check_fields(spec)
    frame = _empty_frame(spec)
    derived: list[tuple[str, pl.Expr]] = []
    for name, source in spec.derived.items():
        path: Path = ("derived", name)
        if name in frame.collect_schema():
            raise MeaningError(path, f"{name} is a field already")
        expression = _within(source, frame, path) if isinstance(source, WithinSpec) else _sql(source, frame, path)
        derived.append((name, expression))
        frame = frame.with_columns(expression.alias(name))
    rules = tuple(_rules(spec, frame))
    totals = tuple(_sql(total.equals, frame, ("totals", position)) for position, total in enumerate(spec.totals))
    for position, name in enumerate(spec.business_times):
        if frame.collect_schema().get(name) != POLARS_TYPES[Type.INSTANT]:
            raise MeaningError(("business_times", position), f"{name} is no instant{nearest(name, frame.collect_schema())}")
    return Compiled(tuple(derived), rules, totals)


def _check_fields(spec: FormatSpec) -> None:
    for position, name in enumerate(spec.clean):
        _known_cleaner(name, ("clean", position))
    for name, field in spec.fields.items():
        if name in CONSTANTS and name != "currency_code":
            raise MeaningError(("fields", name), f"{name} names something else in every contract, choose another word")
        for cleaner in field.clean:
            _known_cleaner(cleaner, ("fields", name, "clean"))
    for position, source in enumerate(spec.exported_at):
        if source.column is not None and source.column not in spec.fields:
            raise MeaningError(("exported_at", position), f"no field {source.column!r}{nearest(source.column, spec.fields)}")


def _known_cleaner(name: str, path: Path) -> None:
    if name not in CLEANERS:
        raise MeaningError(path, f"unknown cleaner {name!r}{nearest(name, CLEANERS)}")


def _empty_frame(spec: FormatSpec) -> pl.LazyFrame:
    schema = {name: VALUE_TYPES[field.type] for name, field in spec.fields.items()}
    return pl.LazyFrame(schema={FILE: pl.UInt32(), **CONSTANTS, **schema})


def _sql(text: str, frame: pl.LazyFrame, path: Path) -> pl.Expr:
    if _WINDOW.search(text):
        # files are read together, and a window would look across them
        raise MeaningError(path, "holds OVER: write a derived field with `within`")
    try:
        expression = pl.sql_expr(text)
    except PolarsError as error:
        raise MeaningError(path, f"is not valid SQL: {' '.join(str(error).split())}") from error
    known = frame.collect_schema()
    for name in expression.meta.root_names():
        if name not in known:
            raise MeaningError(path, f"no field {name!r}{nearest(name, known)}")
    return expression


def _within(spec: WithinSpec, frame: pl.LazyFrame, path: Path) -> pl.Expr:
    known = frame.collect_schema()
    for name in spec.within:
        if name not in known:
            raise MeaningError(path, f"no field {name!r}{nearest(name, known)}")
    value = pl.int_range(1, pl.len() + 1, dtype=pl.Int64) if spec.value is None else _sql(spec.value, frame, path)
    return value.over(FILE, *spec.within)


def _rules(spec: FormatSpec, frame: pl.LazyFrame) -> Iterator[CompiledRule]:
    for name, rules in spec.tables.items():
        table = TABLES_BY_NAME.get(name)
        if table is None:
            raise MeaningError(("tables", name), f"unknown table {name!r}{nearest(name, TABLES_BY_NAME)}")
        for position, rule in enumerate(rules):
            yield _rule(table, rule, frame, ("tables", name, position))


def _rule(table: Table, rule: TableRule, frame: pl.LazyFrame, path: Path) -> CompiledRule:
    _check_columns(table, rule, path)
    where = None if rule.where is None else _sql(rule.where, frame, (*path, "where"))
    rows: dict[str, pl.Expr] = {}
    after: dict[str, pl.Expr] = {}
    for name, text in rule.columns.items():
        expression = _sql(text, frame, (*path, "columns", name))
        on_keys_alone = set(expression.meta.root_names()) <= {*rule.per}
        (after if rule.per and on_keys_alone else rows)[name] = expression
    claimed_at = None if rule.claimed_at is None else _sql(rule.claimed_at, frame, (*path, "claimed_at"))
    compiled = CompiledRule(table, rule, where, rows, after, claimed_at)
    _check_types(compiled, frame, path)
    return compiled


def _check_columns(table: Table, rule: TableRule, path: Path) -> None:
    given = set(rule.columns) | _FILLED | (_CLAIMED if rule.claimed_at else set())
    for name in rule.columns:
        if name not in table.column_names or name.startswith("_"):
            raise MeaningError((*path, "columns", name), f"{table.name} has no column {name!r}{nearest(name, table.column_names)}")
    missing = [name for name in table.required if name not in given]
    if missing:
        raise MeaningError((*path, "columns"), f"{table.name} needs {', '.join(missing)}")


def _check_types(compiled: CompiledRule, frame: pl.LazyFrame, path: Path) -> None:
    for expressions, is_after in ((compiled.rows, False), (compiled.after, True)):
        for name, expression in expressions.items():
            source = frame.group_by(compiled.rule.per).agg() if is_after else frame
            place = (*path, "columns", name)
            try:
                found = source.select(expression.alias(name)).collect_schema()[name]
            except PolarsError as error:
                raise MeaningError(place, f"cannot be computed: {' '.join(str(error).split())[:300]}") from error
            column = compiled.table.column(name)
            if not _fits(found, column):
                raise MeaningError(place, f"{compiled.table.name}.{name} is {column.type}, the expression gives {found}: CAST it")
    if compiled.where is not None and frame.select(compiled.where).collect_schema().dtypes() != [pl.Boolean()]:
        raise MeaningError((*path, "where"), "is no condition")


def _fits(found: pl.DataType, column: Column) -> bool:
    """True when every value keeps its digits: a cast that would round must stand in the contract."""
    wanted = POLARS_TYPES[column.type]
    if found in (wanted, pl.Null()):
        return True
    if isinstance(wanted, pl.Decimal):
        return found.is_integer() or (isinstance(found, pl.Decimal) and found.scale <= wanted.scale)
    return found.is_integer() and wanted == pl.Int64()
