"""Build the database that analysts open: a copy of the marts, the memberships, and what it is about. Publishes nothing."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.errors import CheckFailedError
from pipelines.contracts.metric_tables import KPI_RESTATEMENT, LATE_FACTS
from pipelines.contracts.need_tables import NEED_TABLES
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_FAULTS, SEGMENT_MEMBERSHIPS
from pipelines.contracts.tables import Personal, Table
from pipelines.contracts.value_tables import VALUE_BACKTESTS, VALUE_MODELS

_ABOUT: Mapping[str, str] = {
    "as_of": "Business date of the run that published this database.",
    "run_id": "Run that published it; its record is runs/<run_id>.json.",
    "code_version": "Version of the code that made it.",
    "loads": "Loads that the run could see: leading hex digits of the SHA-256 of each delivered file.",
}
# of earlier days only what had consequences: who was stopped, and at which step, would add a row a customer, segment and day
_KEPT = "('exported', 'held_out')"
# tables of the stages metrics and value, with the rows that a run of a day may show
_PAST: Mapping[str, str] = {
    KPI_RESTATEMENT.name: "as_of <= date '{day}'",
    LATE_FACTS.name: "as_of = date '{day}'",
    VALUE_MODELS.name: "as_of <= date '{day}'",
    VALUE_CLUSTERS.name: "as_of <= date '{day}'",
    VALUE_BACKTESTS.name: "as_of <= date '{day}'",
    **{table.name: "true" for table in NEED_TABLES},
    SEGMENT_FAULTS.name: "as_of <= date '{day}'",
}
_PERSONAL = sorted(
    {column.name for table in TABLES.values() for column in table.columns if column.personal not in (Personal.NONE, Personal.PSEUDONYM)}
)


def build_analytics(run: Run, facts: Mapping[str, Any], path: Path) -> None:
    """Make `path` a copy of the marts with `segment_memberships` and `about` added, closed and checked.

    Raises CheckFailedError when a table of the marts is missing in the copy or a column shows a person.
    """
    log, its_log = _log_of(run.home.marts), _log_of(path)
    # a log that a killed run left would be replayed into the new copy
    its_log.unlink(missing_ok=True)
    shutil.copyfile(run.home.marts, path)
    try:
        if log.exists():
            # what dbt wrote last is still in the log; opening the copy puts it into the file
            shutil.copyfile(log, its_log)
        _complete(run, facts, path)
    finally:
        its_log.unlink(missing_ok=True)


def _log_of(database: Path) -> Path:
    return database.with_name(f"{database.name}.wal")


def _complete(run: Run, facts: Mapping[str, Any], path: Path) -> None:
    with duckdb.connect(str(run.home.marts), read_only=True) as source:
        expected = _tables(source) | {SEGMENT_MEMBERSHIPS.name, *_PAST, "about"}
    with duckdb.connect(str(path), config={"autoinstall_known_extensions": False}) as copy:
        copy.execute(f"set memory_limit = '{run.config.engine.memory_limit}'")
        copy.execute("set enable_progress_bar = false")  # it would be on standard output, which belongs to the summary
        if run.config.engine.threads is not None:
            copy.execute(f"set threads = {run.config.engine.threads}")
        _add_memberships(copy, run)
        _add_past(copy, run)
        _add_about(copy, run, facts)
    with duckdb.connect(str(path), read_only=True) as copy:
        _check(copy, expected)


def _add_memberships(copy: duckdb.DuckDBPyConnection, run: Run) -> None:
    folder = run.home.table(SEGMENT_MEMBERSHIPS.name)
    paths = [path for path in sorted(folder.glob("as_of=*/part-0.parquet")) if path.parent.name <= f"as_of={run.as_of}"]
    listed = ", ".join("'" + str(path).replace("'", "''") + "'" for path in paths)
    copy.execute(
        f"create or replace table {SEGMENT_MEMBERSHIPS.name} as"
        f" select * from read_parquet([{listed}], hive_partitioning = false)"
        f" where as_of = date '{run.as_of}' or outcome in {_KEPT}"
        " order by as_of, segment_name, customer_id"
    )
    _describe(copy, SEGMENT_MEMBERSHIPS)


def _add_past(copy: duckdb.DuckDBPyConnection, run: Run) -> None:
    """What a run of this day knew: restatements and back-tests of later days are not its own, nor facts that were late for another day."""
    for name, is_known in _PAST.items():
        path = str(run.home.table(name) / "**" / "*.parquet").replace("'", "''")
        key = ", ".join(TABLES[name].key)
        known = is_known.format(day=run.as_of)
        rows = f"read_parquet('{path}', hive_partitioning = false)"
        copy.execute(f"create or replace table {name} as select * from {rows} where {known} order by {key}")
        _describe(copy, TABLES[name])


def _add_about(copy: duckdb.DuckDBPyConnection, run: Run, facts: Mapping[str, Any]) -> None:
    copy.execute("create or replace table about (as_of date, run_id varchar, code_version varchar, loads varchar[])")
    copy.execute("insert into about values (?, ?, ?, ?)", [run.as_of, facts["run_id"], facts["code_version"], facts["loads"]])
    copy.execute("comment on table about is 'One row: what this database is a function of.'")
    for column, description in _ABOUT.items():
        copy.execute(f"comment on column about.{column} is '{description}'")


def _describe(copy: duckdb.DuckDBPyConnection, table: Table) -> None:
    copy.execute(f"comment on table {table.name} is '{table.grain.replace(chr(39), chr(39) * 2)}'")
    for column in table.columns:
        copy.execute(f"comment on column {table.name}.{column.name} is '{column.description.replace(chr(39), chr(39) * 2)}'")


def _check(copy: duckdb.DuckDBPyConnection, expected: set[str]) -> None:
    missing = sorted(expected - _tables(copy))
    if missing:
        raise CheckFailedError(f"lacks {', '.join(missing)}", where="analytics.duckdb", do="build the marts again")
    # `value` of a KPI is a number and no one's contact point
    shown = copy.execute(
        "select table_name || '.' || column_name from duckdb_columns()"
        " where not internal and data_type in ('VARCHAR', 'DATE') and list_contains($1, column_name) order by all",
        [_PERSONAL],
    ).fetchall()
    if shown:
        names = ", ".join(name for (name,) in shown)
        raise CheckFailedError(f"shows personal data in {names}", where="analytics.duckdb", do="take the columns out of the marts")


def _tables(connection: duckdb.DuckDBPyConnection) -> set[str]:
    rows = connection.execute(
        "select table_name from duckdb_tables() where not internal union all select view_name from duckdb_views() where not internal"
    ).fetchall()
    return {name for (name,) in rows}
