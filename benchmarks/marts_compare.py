"""Do two files of marts hold the same rows? Knows nothing of what they mean."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import duckdb

from benchmarks.marts_build import MEMORY_LIMIT, THREADS

_NOTHING_LEFT_OUT: Mapping[str, str] = {}


def compared(left: Path, right: Path, parts: Mapping[str, str] = _NOTHING_LEFT_OUT) -> tuple[list[str], list[str]]:
    """Tables of `right`, and those of them that do not hold the same rows in `left`: by count and by the sum of a hash of each row.

    Only the columns that `right` has are compared, types included; `parts`: of a table only the rows for which a condition holds.
    """
    with duckdb.connect(config={"memory_limit": MEMORY_LIMIT, "threads": THREADS}) as connection:
        for name, path in (("a", left), ("b", right)):
            connection.execute(f"attach '{path}' as {name} (read_only)")
        columns: dict[str, dict[str, list[str]]] = {"a": {}, "b": {}}
        for database, table, column, kind in connection.execute(
            "select database_name, table_name, column_name, data_type from duckdb_columns() where schema_name = 'main'"
            " and database_name in ('a', 'b') order by table_name, column_index"
        ).fetchall():
            columns[database].setdefault(table, []).append(f"cast({column} as {kind})")
        differing = []
        for table, shown in columns["b"].items():
            query = f"select count(*), sum(cast(hash({', '.join(shown)}) as hugeint)) from %s.{table} where {parts.get(table, 'true')}"
            there = set(columns["a"].get(table, ()))
            if not there.issuperset(shown) or _one(connection, query % "a") != _one(connection, query % "b"):
                differing.append(table)
        return [*columns["b"]], differing


def _one(connection: duckdb.DuckDBPyConnection, query: str) -> tuple[object, ...]:
    return connection.execute(query).fetchall()[0]
