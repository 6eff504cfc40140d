"""From a row of a published list back to the lines of raw exports that it rests on. Reads only."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.channel_tables import CANONICAL_TABLES, CHANNEL_LOADS
from pipelines.contracts.engine import create_from_frame, instant, lake_rows, literal, open_engine
from pipelines.contracts.errors import CdpError, ConfigurationError
from pipelines.contracts.masking import masked
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table

_MANIFEST = "manifest.json"
# facts that name an order and not always the buyer: the table of the marts that knows which order is meant, and the key of both
_OF_ORDERS = {"channel_payments": ("fct_payments", "payment_key"), "channel_refunds": ("fct_refunds", "refund_key")}


@dataclass(frozen=True, slots=True)
class Listed:
    """A row of a published list: whose it is, and what the manifest says of the list."""

    customer_id: str
    as_of: date
    hour: str | None  # of a list between two nights
    known_on: date  # day of the night whose customers the list has
    segment_name: str
    run_id: str
    loads: Sequence[str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a delivered file that holds a fact of the customer."""

    table_name: str
    key: str  # of the fact; of a person's own data the source record. Masked, because a channel may make it of a name
    file_path: str
    line: int
    format_name: str
    exported_at: datetime
    load_id: str


def read_row(path: Path, number: int) -> Listed:
    """Row `number` of a list, as a spreadsheet counts: the header is row 1, a cell with a line break is one row.

    Raises ConfigurationError for a file without its manifest, one that is not what was published, and a row that is not there.
    """
    manifest_path = path.with_name(_MANIFEST)
    try:
        content, manifest = path.read_bytes(), json.loads(manifest_path.read_bytes())
    except (OSError, json.JSONDecodeError) as error:
        what = f"cannot be read with its manifest ({type(error).__name__})"
        raise ConfigurationError(what, where=str(path), do="name a list in its folder of published/segments") from error
    described = {**manifest["files"], **manifest.get("erased", {})}.get(path.name)
    if described is None or hashlib.sha256(content).hexdigest() != described["sha256"]:
        raise ConfigurationError("is not the file that was published", where=str(path), do="trace the copy in published/segments")
    labels = [column["label"] for column in manifest["columns"] if column["name"] == "customer_id"]
    rows = list(csv.reader(io.StringIO(content.decode("utf-8-sig"), newline="")))
    if not labels or labels[0] not in rows[0]:
        raise ConfigurationError("does not name customers", where=str(path), do="trace list.csv beside it")
    if not 2 <= number <= len(rows):
        raise ConfigurationError(f"has no row {number}", where=str(path), do=f"rows with a customer are 2 to {len(rows)}")
    # a list puts an apostrophe before what a spreadsheet would take for something else
    customer_id = rows[number - 1][rows[0].index(labels[0])].removeprefix("'")
    known_on = date.fromisoformat(manifest.get("night", manifest["as_of"]))
    as_of, name = date.fromisoformat(manifest["as_of"]), manifest["segment"]["name"]
    return Listed(customer_id, as_of, manifest.get("hour"), known_on, name, manifest["run_id"], manifest["loads"])


def trace(run: Run, listed: Listed, records: Collection[str], database: Path | None) -> list[Line]:
    """Every line of the list's loads with a fact of these source records, by file and line.

    What names an order and no person, as a payment at a bank does, is found by `database`, the one that was published with the list;
    None where it is not kept, and such facts then are not told.
    """
    with open_engine(run, "trace") as connection:
        create_from_frame(connection, "records", _column("source_record_key", records))
        create_from_frame(connection, "visible", _column("load_id", listed.loads))
        connection.execute("create table found (table_name varchar, key varchar, load_id varchar, line bigint, exported_at timestamptz)")
        connection.execute("create table order_keys (order_key varchar)")
        for table in CANONICAL_TABLES:
            _own_facts(connection, run, table)
        if database is not None:
            _facts_of_orders(connection, run, database)
        loads = run.home.table(CHANNEL_LOADS.name) / "part-0.parquet"
        rows = connection.execute(
            "select distinct found.table_name, found.key, loads.file_path, found.line, loads.format_name, found.exported_at, found.load_id"
            f" from found join read_parquet({literal(str(loads))}) as loads on loads.load_id = found.load_id"
            " order by loads.file_path, found.line, found.table_name, found.key"
        ).fetchall()
    return [Line(table, masked(key), *rest) for table, key, *rest in rows]


def _own_facts(connection: duckdb.DuckDBPyConnection, run: Run, table: Table) -> None:
    columns = set(table.column_names)
    if "source_record_key" in columns:
        condition = "source_record_key in (select source_record_key from records)"
    elif "order_key" in columns:
        condition = "order_key in (select order_key from order_keys)"
    else:
        return
    _add(connection, run, table, condition)
    if table.name == "channel_orders":
        connection.execute("insert into order_keys select distinct key from found where table_name = 'channel_orders'")


def _facts_of_orders(connection: duckdb.DuckDBPyConnection, run: Run, database: Path) -> None:
    try:
        connection.execute(f"attach {literal(str(database))} as marts (read_only)")
        for table in CANONICAL_TABLES:
            if table.name in _OF_ORDERS:
                mart, key = _OF_ORDERS[table.name]
                chosen = f"select {key} from marts.main.{mart} where order_key in (select order_key from order_keys)"
                _add(connection, run, table, f"{key} in ({chosen})")
    except duckdb.Error as error:  # its text may quote a value
        raise CdpError(f"cannot be read ({type(error).__name__})", where=str(database), do="run the day again") from error


def _add(connection: duckdb.DuckDBPyConnection, run: Run, table: Table, condition: str) -> None:
    connection.execute(
        f"insert into found select '{table.name}', {table.key[0]}, _load_id, _source_row, _exported_at from {lake_rows(run, table)}"
        f" where _load_id in (select load_id from visible) and _exported_at < {instant(run.exported_before_at)} and {condition}"
    )


def _column(name: str, values: Collection[str]) -> pl.DataFrame:
    return pl.DataFrame({name: sorted(values)}, schema={name: pl.String})
