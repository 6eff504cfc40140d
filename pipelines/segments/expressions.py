"""Check the `where` of a segment before anything runs it: one boolean expression over columns that it may see, nothing else."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.tables import Personal

_ADVICE = "write one SQL condition over the columns of mart_marketing__customer_360"
# what may occur in the tree; everything else (queries, windows, files, settings, randomness, the clock) is refused by not being here
_ALLOWED: tuple[type[exp.Expression], ...] = (
    *(exp.And, exp.Or, exp.Not, exp.Paren, exp.EQ, exp.NEQ, exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between, exp.In, exp.Is),
    *(exp.NullSafeEQ, exp.NullSafeNEQ, exp.Like, exp.ILike, exp.Add, exp.Sub, exp.Mul, exp.Div, exp.Mod, exp.Neg),
    *(exp.Column, exp.Identifier, exp.Literal, exp.Boolean, exp.Null, exp.Case, exp.If, exp.Cast, exp.DataType),
    *(exp.Coalesce, exp.Nullif, exp.Abs, exp.Round, exp.Least, exp.Greatest, exp.Lower, exp.Upper, exp.Length),
)
_FUNCTIONS = "abs, case, coalesce, greatest, least, length, lower, nullif, round, upper, and date '...' literals"
_PERSONAL = frozenset(
    column.name for table in TABLES.values() for column in table.columns if column.personal not in (Personal.NONE, Personal.PSEUDONYM)
)


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked expression: canonical text, and the columns it reads in order of appearance."""

    sql: str
    columns: tuple[str, ...]


def is_personal(column: str) -> bool:
    """Whether a column of a mart shows a person, as far as its name tells: a contract column with a personal class, or a masked one."""
    return column in _PERSONAL or column.endswith("_masked")


def check_condition(text: str, columns: Mapping[str, str] | None, where: str) -> Condition:
    """Parse and check `text`; `columns` maps the columns of the mart to DuckDB types, None checks shape only.

    Raises ConfigurationError at `where` for anything but one boolean expression over columns that are not personal.
    """
    tree = _parsed(text, where)
    for node in tree.walk():
        _check_node(node, where)
    used = tuple(dict.fromkeys(node.name.lower() for node in tree.find_all(exp.Column, bfs=False)))
    if not used:
        raise ConfigurationError("where: names no column, so it would take all customers or none", where=where, do=_ADVICE)
    for name in used:
        if is_personal(name):
            raise ConfigurationError(f"where: {name} is personal data", where=where, do="choose a column that describes behavior")
        if columns is not None and name not in columns:
            raise ConfigurationError(f"where: unknown column {name}{nearest(name, columns)}", where=where, do=_ADVICE)
    for node in tree.find_all(exp.Column):
        node.this.set("this", node.name.lower())
    sql = tree.sql(dialect="duckdb")
    if columns is not None:
        _check_type(sql, {name: columns[name] for name in used}, where)
    return Condition(sql, used)


def nearest(name: str, names: Iterable[str]) -> str:
    """`, did you mean 'x'?` or nothing."""
    close = difflib.get_close_matches(name, list(names), n=1, cutoff=0.5)
    return f", did you mean {close[0]!r}?" if close else ""


def _parsed(text: str, where: str) -> exp.Expression:
    try:
        tokens = sqlglot.tokenize(text, read="duckdb")
        trees = sqlglot.parse(text, read="duckdb")
    except sqlglot.errors.SqlglotError as error:
        reason = str(error).splitlines()[0].split(". Line")[0]
        raise ConfigurationError(f"where: cannot be read: {reason}", where=where, do=_ADVICE) from error
    # a comment would be carried into the canonical text, and hides what a reviewer should read
    is_more = any(token.comments or token.token_type == sqlglot.TokenType.SEMICOLON for token in tokens)
    if is_more or len(trees) != 1 or not isinstance(trees[0], exp.Expression):
        raise ConfigurationError("where: is not one expression without comments", where=where, do=_ADVICE)
    return trees[0]


def _check_node(node: exp.Expression, where: str) -> None:
    if isinstance(node, exp.Column) and (node.table or not isinstance(node.this, exp.Identifier)):
        raise ConfigurationError(f"where: {node.sql(dialect='duckdb')} names a table", where=where, do="write the column alone")
    if isinstance(node, exp.Cast) and not (type(node) is exp.Cast and isinstance(node.this, exp.Literal) and node.to.is_type("date")):
        raise ConfigurationError("where: only literals may be cast, and only to date", where=where, do="write date '2026-01-31'")
    if not isinstance(node, _ALLOWED):
        word = node.sql(dialect="duckdb")
        raise ConfigurationError(f"where: {word[:60]} is not allowed", where=where, do=f"besides operators, use {_FUNCTIONS}")


def _check_type(sql: str, columns: Mapping[str, str], where: str) -> None:
    """Let DuckDB run the expression over one row of nulls: types, and whether the answer is a boolean."""
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with duckdb.connect() as connection:
        connection.execute(f"create table customers ({declared})")
        try:
            [(_, kind, *_rest)] = connection.execute(f"describe select ({sql}) as answer from customers").fetchall()
            # literals are converted when it runs, not when it is described
            connection.execute("insert into customers default values")
            connection.execute(f"select ({sql}) from customers").fetchall()
        except duckdb.Error as error:
            raise ConfigurationError(f"where: {str(error).splitlines()[0]}", where=where, do=_ADVICE) from error
    if kind != "BOOLEAN":
        raise ConfigurationError(f"where: gives {kind}, not true or false", where=where, do="compare it with something")
