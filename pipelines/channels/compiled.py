"""Compile a contract once: SQL text to Polars expressions, checked against the canonical tables. Nothing is read from a delivery."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import polars as pl
from polars.exceptions import PolarsError

from pipelines.channels.cleaners import CLEANERS
from pipelines.channels.contract import FormatSpec, TableRule, WithinSpec
from pipelines.channels.typed import VALUE_TYPES
from pipelines.channels.yaml_lines import Path
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.declarations import nearest
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
_LITERAL = re.compile(r"'(?:[^']|'')*'")
_WINDOW = re.compile(r"(?i)\bover\s*\(")
_AGGREGATE = re.compile(
    r"(?i)\b(sum|max|min|avg|count|first|last|median|stddev\w*|var\w*|quantile\w*|array_agg|string_agg|corr|covar\w*)\s*\("
)
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


class _Scope:
    """The fields that an expression may name, with their types: a frame without rows."""

    def __init__(self, frame: pl.LazyFrame) -> None:
        self.frame = frame
        self.schema = frame.collect_schema()

    def known(self, name: str, path: Path) -> None:
        if name not in self.schema:
            raise MeaningError(path, f"no field {name!r}{nearest(name, self.schema)}")

    def sql(self, text: str, path: Path, *, aggregates: bool = False) -> pl.Expr:
        """The expression. Files are read together, so nothing may look at other records unless it is grouped by file."""
        bare = _LITERAL.sub("''", text)
        if _WINDOW.search(bare):
            raise MeaningError(path, "holds OVER: write a derived field with `within`")
        if not aggregates and (found := _AGGREGATE.search(bare)):
            raise MeaningError(
                path, f"holds {found.group(1).upper()}, which looks at other records: use `per`, or a derived field with `within`"
            )
        try:
            expression = pl.sql_expr(text)
            names = expression.meta.root_names()
        except PolarsError as error:
            raise MeaningError(path, f"is not valid SQL: {' '.join(str(error).split())}") from error
        for name in names:
            self.known(name, path)
        return expression

    def types(self, expressions: Mapping[str, pl.Expr], keys: Sequence[str], path: Path, *, grouped: bool) -> pl.Schema:
        """Types of the expressions; an error names the first that cannot be computed."""

        def schema(some: Mapping[str, pl.Expr]) -> pl.Schema:
            named = [expression.alias(name) for name, expression in some.items()]
            return (self.frame.group_by(keys).agg(named) if grouped else self.frame.select(named)).collect_schema()

        try:
            return schema(expressions)
        except PolarsError:
            for name, expression in expressions.items():
                try:
                    schema({name: expression})
                except PolarsError as error:
                    raise MeaningError((*path, name), f"cannot be computed: {' '.join(str(error).split())[:300]}") from error
            raise


def compile_format(spec: FormatSpec) -> Compiled:
    """Raises MeaningError at the first thing that cannot be: an unknown cleaner, field, table or column, a wrong type."""
    _check_fields(spec)
    scope = _Scope(_empty_frame(spec))
    derived: list[tuple[str, pl.Expr]] = []
    for name, source in spec.derived.items():
        path: Path = ("derived", name)
        if name in scope.schema:
            raise MeaningError(path, f"{name} is a field already")
        expression = _within(source, scope, path) if isinstance(source, WithinSpec) else scope.sql(source, path)
        scope.types({name: expression}, (), ("derived",), grouped=False)
        derived.append((name, expression))
        scope = _Scope(scope.frame.with_columns(expression.alias(name)))
    rules = tuple(_rules(spec, scope))
    totals = tuple(scope.sql(total.equals, ("totals", position), aggregates=True) for position, total in enumerate(spec.totals))
    for position, name in enumerate(spec.business_times):
        if scope.schema.get(name) != POLARS_TYPES[Type.INSTANT]:
            raise MeaningError(("business_times", position), f"{name} is no instant{nearest(name, scope.schema)}")
    return Compiled(tuple(derived), rules, totals)


def _check_fields(spec: FormatSpec) -> None:
    if not spec.fields:
        raise MeaningError(("fields",), "reads no column of the export")
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


def _within(spec: WithinSpec, scope: _Scope, path: Path) -> pl.Expr:
    for name in spec.within:
        scope.known(name, path)
    value = pl.int_range(1, pl.len() + 1, dtype=pl.Int64) if spec.value is None else scope.sql(spec.value, path, aggregates=True)
    return value.over(FILE, *spec.within)


def _rules(spec: FormatSpec, scope: _Scope) -> Iterator[CompiledRule]:
    for name, rules in spec.tables.items():
        table = TABLES_BY_NAME.get(name)
        if table is None:
            raise MeaningError(("tables", name), f"unknown table {name!r}{nearest(name, TABLES_BY_NAME)}")
        for position, rule in enumerate(rules):
            yield _rule(table, rule, scope, ("tables", name, position))


def _rule(table: Table, rule: TableRule, scope: _Scope, path: Path) -> CompiledRule:
    _check_columns(table, rule, path)
    for position, name in enumerate(rule.per):
        scope.known(name, (*path, "per", position))
    where = None if rule.where is None else scope.sql(rule.where, (*path, "where"))
    if where is not None and scope.types({"where": where}, (), path, grouped=False).dtypes() != [pl.Boolean()]:
        raise MeaningError((*path, "where"), "is no condition")
    rows: dict[str, pl.Expr] = {}
    after: dict[str, pl.Expr] = {}
    for name, text in rule.columns.items():
        expression = scope.sql(text, (*path, "columns", name), aggregates=bool(rule.per))
        on_keys_alone = set(expression.meta.root_names()) <= {*rule.per} and not _AGGREGATE.search(_LITERAL.sub("''", text))
        (after if rule.per and on_keys_alone else rows)[name] = expression
    claimed_at = None if rule.claimed_at is None else scope.sql(rule.claimed_at, (*path, "claimed_at"))
    _check_types(table, {**scope.types(rows, rule.per, (*path, "columns"), grouped=bool(rule.per))}, path, rows)
    _check_types(table, {**scope.types(after, (), (*path, "columns"), grouped=False)}, path, after)
    return CompiledRule(table, rule, where, rows, after, claimed_at)


def _check_columns(table: Table, rule: TableRule, path: Path) -> None:
    given = set(rule.columns) | _FILLED | (_CLAIMED if rule.claimed_at else set())
    for name in rule.columns:
        if name not in table.column_names or name.startswith("_"):
            raise MeaningError((*path, "columns", name), f"{table.name} has no column {name!r}{nearest(name, table.column_names)}")
    missing = [name for name in table.required if name not in given]
    if missing:
        raise MeaningError((*path, "columns"), f"{table.name} needs {', '.join(missing)}")


def _check_types(table: Table, found: Mapping[str, pl.DataType], path: Path, names: Iterable[str]) -> None:
    for name in names:
        column = table.column(name)
        if not _fits(found[name], column):
            place = (*path, "columns", name)
            raise MeaningError(place, f"{table.name}.{name} is {column.type}, the expression gives {found[name]}: CAST it")


def _fits(found: pl.DataType, column: Column) -> bool:
    """True when every value keeps its digits: a cast that would round must stand in the contract."""
    wanted = POLARS_TYPES[column.type]
    if found in (wanted, pl.Null()):
        return True
    if isinstance(wanted, pl.Decimal):
        return found.is_integer() or (isinstance(found, pl.Decimal) and found.scale <= wanted.scale)
    return found.is_integer() and wanted == pl.Int64()
