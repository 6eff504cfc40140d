"""Check the `where` of a segment before anything runs it: one boolean expression over columns that it may see, nothing else."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb
import sqlglot
from sqlglot import exp

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.declarations import nearest
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.tables import Personal

_ADVICE = "write one SQL condition over the columns of mart_marketing__customer_360"
_LONGEST = 2000  # characters: whoever needs more should name a column
# what a column of the type may hold, to run an expression over something that is not null
_SAMPLES = (("VARCHAR", "'text'"), ("DATE", "date '2026-01-31'"), ("TIMESTAMP", "timestamp '2026-01-31 12:00:00'"), ("BOOLEAN", "true"))
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


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a condition: what joins it with its neighbors is `word` (and, or, not); a comparison has none, and no parts below it."""

    sql: str
    depth: int
    word: str | None = None


def is_personal(column: str) -> bool:
    """Whether a column of a mart shows a person, as far as its name tells: a contract column with a personal class, or a masked one."""
    return column in _PERSONAL or column.endswith("_masked")


def check_condition(text: str, columns: Mapping[str, str] | None, where: str) -> Condition:
    """Parse and check `text`; `columns` maps the columns of the mart to DuckDB types, None checks shape only.

    What is divided by 0 is null, and so matches nobody: DuckDB's own answer, infinity, would match every "more than".
    Raises ConfigurationError at `where` for anything but one boolean expression over columns that are not personal.
    """
    try:
        return _checked(text, columns, where)
    except RecursionError:
        raise ConfigurationError("where: is nested too deeply", where=where, do="take brackets away") from None


def _checked(text: str, columns: Mapping[str, str] | None, where: str) -> Condition:
    tree = _parsed(text, where)
    for node in tree.walk():
        _check_node(node, where)
    for division in list(tree.find_all(exp.Div, exp.Mod)):
        _guard(division, where)
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


def parts_of(sql: str) -> tuple[Part, ...]:
    """The parts of a checked condition, each before those that it is made of."""
    return tuple(_parts(sqlglot.parse_one(sql, read="duckdb"), 0))


def _parts(node: exp.Expression, depth: int) -> Iterator[Part]:
    node = _bare(node)
    if isinstance(node, exp.And | exp.Or):
        kind = type(node)
        yield Part(node.sql(dialect="duckdb"), depth, kind.__name__.lower())
        for one in _operands(node, kind):
            yield from _parts(one, depth + 1)
    elif isinstance(node, exp.Not) and isinstance(_bare(node.this), exp.And | exp.Or):
        yield Part(node.sql(dialect="duckdb"), depth, "not")
        yield from _parts(node.this, depth + 1)
    else:
        yield Part(node.sql(dialect="duckdb"), depth)


def _operands(node: exp.Expression, kind: type[exp.Expression]) -> list[exp.Expression]:
    """What is joined: `a and b and c` is a tree that leans to the left, brackets begin a part of their own."""
    if type(node) is not kind:
        return [node]
    return [*_operands(node.args["this"], kind), *_operands(node.args["expression"], kind)]


def _bare(node: exp.Expression) -> exp.Expression:
    """Without the brackets around it."""
    while isinstance(node, exp.Paren):
        node = node.this
    return node


def _parsed(text: str, where: str) -> exp.Expression:
    if len(text) > _LONGEST:
        raise ConfigurationError(f"where: has {len(text):,} characters, more than {_LONGEST:,}", where=where, do="put it into a column")
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


def _guard(division: exp.Binary, where: str) -> None:
    divisor = division.expression
    literal = _bare(divisor)
    if isinstance(literal, exp.Literal) and not literal.is_string:
        if float(literal.this) == 0:
            raise ConfigurationError(f"where: {division.sql(dialect='duckdb')[:60]} divides by zero", where=where, do="mend the divisor")
    elif not (isinstance(divisor, exp.Nullif) and divisor.expression == exp.Literal.number(0)):
        division.set("expression", exp.Nullif(this=divisor.copy(), expression=exp.Literal.number(0)))


def _check_type(sql: str, columns: Mapping[str, str], where: str) -> None:
    """Let DuckDB run the expression over a row of nulls and one of values: types, and whether the answer is a boolean."""
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    with duckdb.connect() as connection:
        connection.execute(f"create table customers ({declared})")
        try:
            [(_, kind, *_rest)] = connection.execute(f"describe select ({sql}) as answer from customers").fetchall()
            # literals are converted when it runs, not when it is described; a text that is compared with a number, on the first value
            connection.execute("insert into customers default values")
            connection.execute(f"insert into customers values ({', '.join(map(_sample, columns.values()))})")
            connection.execute(f"select ({sql}) from customers").fetchall()
        except duckdb.Error as error:
            raise ConfigurationError(f"where: {str(error).splitlines()[0]}{_typed(columns)}", where=where, do=_ADVICE) from error
    if kind != "BOOLEAN":
        raise ConfigurationError(f"where: gives {kind}, not true or false", where=where, do="compare it with something")


def _sample(kind: str) -> str:
    return next((value for name, value in _SAMPLES if kind.upper().startswith(name)), "1")


def _typed(columns: Mapping[str, str]) -> str:
    return f" ({', '.join(f'{name} is {kind}' for name, kind in columns.items())})"
