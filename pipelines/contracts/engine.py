"""DuckDB in memory for one step: opened with the run's limits, sees what the run may see, writes tables of the contracts."""

from __future__ import annotations

import glob
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.run import Run
from pipelines.contracts.storage import replacing
from pipelines.contracts.tables import DUCKDB_TYPES, Table, Type


@contextmanager
def open_engine(run: Run, step: str, *, memory_share: float = 1.0) -> Iterator[duckdb.DuckDBPyConnection]:
    """Yield an in-memory database that spills below `lake/staging/<step>`, which is gone afterwards.

    `memory_share` of the run's limit is its own; a step that needs much memory beside it leaves the rest.
    """
    staging = run.home.lake / "staging" / step
    staging.mkdir(parents=True, exist_ok=True)
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": _share(run.config.engine.memory_limit, memory_share),
        "temp_directory": str(staging),
        # all that is needed is in the wheel: a missing function must fail at once, not after a download that times out
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
    }
    if run.config.engine.threads is not None:
        settings["threads"] = run.config.engine.threads
    try:
        with duckdb.connect(":memory:", config=settings) as connection:
            connection.execute("set TimeZone = 'UTC'")
            # it would be on standard output, which belongs to the summary: DuckDB takes `python -c` for a person at a prompt
            connection.execute("set enable_progress_bar = false")
            yield connection
    finally:
        shutil.rmtree(staging, ignore_errors=True)


def _share(limit: str, share: float) -> str:
    number, unit = limit[:-2], limit[-2:]
    return f"{float(number) * share:g}{unit}"


def lake_rows(run: Run, table: Table) -> str:
    """SQL relation: every row of `table` in the lake."""
    pattern = "load=*/*.parquet" if table.stage == "channels" else "*.parquet"
    path = Path(glob.escape(str(run.home.table(table.name)))) / pattern
    return f"read_parquet({literal(str(path))}, hive_partitioning = false)"


def stored_rows(run: Run, table: Table) -> str:
    """SQL relation: every row of a table that an earlier run may have written; none when none has."""
    if (run.home.table(table.name) / "part-0.parquet").exists():
        return lake_rows(run, table)
    columns = ", ".join(f"cast(null as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in table.columns)
    return f"(select {columns} where false)"


def visible_rows(run: Run, table: Table) -> str:
    """SQL relation: the rows of a channel table that a run for `as_of` may see, by export time and by business time."""
    at = business_time(table)
    return (
        f"(select * from {lake_rows(run, table)}"
        f" where _exported_at < {instant(run.exported_before_at)} and ({at} < {instant(run.as_of_end_at)} or {at} is null))"
    )


def business_time(table: Table) -> str:
    """The column that says when the fact happened: the first instant that every row has, else the first instant."""
    instants = [column for column in table.columns if column.type is Type.INSTANT and not column.name.startswith("_")]
    return next((column.name for column in instants if column.required), instants[0].name)


def write_query(connection: duckdb.DuckDBPyConnection, query: str, table: Table, path: Path) -> None:
    """Write the rows of `query`, in its order, as the Parquet file `path` in the column order and types of the contract."""
    columns = ", ".join(f"cast({column.name} as {DUCKDB_TYPES[column.type]}) as {column.name}" for column in table.columns)
    with replacing(path) as beside:
        # on 6 M contact points level 1 is smaller than the default level 3 and a fifth faster
        connection.execute(
            f"copy (select {columns} from ({query})) to {literal(str(beside))} (format parquet, compression zstd, compression_level 1)"
        )


def fetch_frame(connection: duckdb.DuckDBPyConnection, query: str) -> pl.DataFrame:
    """The rows of `query`, handed over as a file: DuckDB's own way imports pandas and Arrow, 1.6 s on every run."""
    path = _hand_over(connection)
    connection.execute(f"copy ({query}) to {literal(str(path))} (format parquet)")
    frame = pl.read_parquet(path, memory_map=False)
    path.unlink()
    return frame


def create_from_frame(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Create `table` from `frame`, handed over as a file."""
    path = _hand_over(connection)
    frame.write_parquet(path)
    connection.execute(f"create table {table} as select * from read_parquet({literal(str(path))})")
    path.unlink()


def _hand_over(connection: duckdb.DuckDBPyConnection) -> Path:
    [(folder,)] = connection.execute("select current_setting('temp_directory')").fetchall()
    return Path(folder) / "hand_over.parquet"


def instant(at: datetime) -> str:
    """SQL literal."""
    return f"timestamptz {literal(at.isoformat())}"


def literal(value: str) -> str:
    """SQL literal. Not a bound parameter: binding one imports pandas, a second on every run."""
    return "'" + value.replace("'", "''") + "'"
