"""Write the lists of one day: `list.csv` and `manifest.json` a segment. The only writer of lists; who is on one, the gate decided."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.engine import lake_rows, open_engine
from pipelines.contracts.errors import CdpError
from pipelines.contracts.identity_tables import GOLDEN_CUSTOMERS
from pipelines.contracts.run import Run
from pipelines.contracts.segment_tables import SEGMENT_MEMBERSHIPS
from pipelines.contracts.segments import EXPORTED, Segment, Waterfall
from pipelines.contracts.storage import sync_folder, write_json
from pipelines.publish.cells import number_cell, text_cell
from pipelines.publish.labels import header

LIST, MANIFEST = "list.csv", "manifest.json"
PRIVATE_FILE, PRIVATE_FOLDER = 0o600, 0o700
_MART = "marts.main.mart_marketing__customer_360"
# channel -> the contact column of its lists, and where the value comes from
_CONTACT: Mapping[str, tuple[str, str]] = {"sms": ("phone", "phone_e164"), "email": ("email", "email")}


def write_lists(run: Run, segments: Sequence[Segment], folder: Path, facts: Mapping[str, Any]) -> dict[str, Waterfall]:
    """Write a folder for each segment that is valid on the day into `folder`; return the waterfalls.

    `facts` (run id, code version, loads) go into each manifest. Reads the memberships of the day: a customer is on a list if and only
    if the gate's outcome is exported.
    """
    folder.chmod(PRIVATE_FOLDER)
    waterfalls = {}
    with open_engine(run, "publish") as connection:
        connection.execute(f"attach {_text(str(run.home.marts))} as marts (read_only)")
        memberships = f"read_parquet({_text(str(memberships_of(run)))}, hive_partitioning = false)"
        connection.execute(f"create view memberships as select * from {memberships}")
        for segment in segments:
            if segment.is_valid_on(run.as_of):
                waterfalls[segment.name] = _write_list(connection, run, segment, folder / segment.name, facts)
    sync_folder(folder)
    return waterfalls


def memberships_of(run: Run) -> Path:
    """What the gate stored for the day."""
    return run.home.table(SEGMENT_MEMBERSHIPS.name) / f"as_of={run.as_of}" / "part-0.parquet"


def _write_list(connection: duckdb.DuckDBPyConnection, run: Run, segment: Segment, folder: Path, facts: Mapping[str, Any]) -> Waterfall:
    outcomes = "select outcome, count(*) from memberships where segment_name = $1 group by outcome"
    waterfall = Waterfall.of_outcomes(dict(connection.execute(outcomes, [segment.name]).fetchall()))
    rows, numbers = _rows(connection, run, segment)
    if rows.height != waterfall.exported or rows[_CONTACT[segment.channel][0]].null_count():
        raise CdpError(
            f"the gate exported {waterfall.exported} customers, {rows.height} are found with a contact point",
            where=segment.name,
            do="run the day again: customers and memberships are not of one run",
        )
    folder.mkdir(mode=PRIVATE_FOLDER)
    columns = [{"name": name, "label": header(name, run.config.segments.header_language)} for name in rows.columns]
    cells = rows.select((number_cell if name in numbers else text_cell)(name) for name in rows.columns)
    (folder / LIST).touch(mode=PRIVATE_FILE)
    cells.rename({column["name"]: column["label"] for column in columns}).write_csv(
        folder / LIST, include_bom=True, line_terminator="\r\n", quote_style="always"
    )
    content = (folder / LIST).read_bytes()
    described = {"sha256": hashlib.sha256(content).hexdigest(), "byte_count": len(content), "row_count": rows.height}
    manifest = {
        "as_of": run.as_of,
        "segment": segment.as_record(),
        "waterfall": asdict(waterfall),
        "columns": columns,
        "files": {LIST: described},
        **facts,
    }
    write_json(folder / MANIFEST, manifest, mode=PRIVATE_FILE)
    return waterfall


def _rows(connection: duckdb.DuckDBPyConnection, run: Run, segment: Segment) -> tuple[pl.DataFrame, frozenset[str]]:
    """The exported customers as text, in the order of their ids, and the names of the columns that are numbers or dates."""
    column, source = _CONTACT[segment.channel]
    kinds = {name: kind for name, kind, *_ in connection.execute(f"describe {_MART}").fetchall()}
    reasons = [name for name in segment.columns if name != "customer_id"]
    picked = ["memberships.customer_id", f"golden.{source} as {column}", "golden.full_name as name", "memberships.arm"]
    picked += [f"{_written_out(f'mart.{name}', kinds[name], run)} as {name}" for name in reasons]
    query = (
        f"select {', '.join(picked)} from memberships"
        f" join {lake_rows(run, GOLDEN_CUSTOMERS)} as golden on golden.customer_id = memberships.customer_id"
        f" join {_MART} as mart on mart.customer_id = memberships.customer_id"
        f" where memberships.segment_name = '{segment.name}' and memberships.outcome = '{EXPORTED}'"
        " order by memberships.customer_id"
    )
    # by way of a file: handing rows over in memory imports pyarrow and pandas, which takes seconds
    [(staging,)] = connection.execute("select current_setting('temp_directory')").fetchall()
    path = Path(staging) / "rows.parquet"
    connection.execute(f"copy ({query}) to {_text(str(path))} (format parquet)")
    return pl.read_parquet(path), frozenset(name for name in reasons if kinds[name] != "VARCHAR")


def _written_out(column: str, kind: str, run: Run) -> str:
    """SQL: the value as people write it, without exponents, instants in business time."""
    if kind in {"DOUBLE", "FLOAT"}:
        return f"cast(cast({column} as decimal(38, 6)) as varchar)"
    if kind == "TIMESTAMP WITH TIME ZONE":
        return f"strftime(timezone({_text(run.config.business_time_zone)}, {column}), '%Y-%m-%d %H:%M:%S')"
    return f"cast({column} as varchar)"


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
