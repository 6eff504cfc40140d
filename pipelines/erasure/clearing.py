"""Clear what the home holds of a person besides its loads: state and histories, warehouse, reviewed rows. Proves nothing.

Every step is whole or not at all and does nothing when it is done again, so that an erasure can be taken up wherever it was left.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.storage import recover_folders, replacing
from pipelines.contracts.tables import Table
from pipelines.erasure.person import Person
from pipelines.erasure.reviewed import clear_reviewed

# the columns by which rows of a person are known, whatever the table
KEYS = ("source_record_key", "left_source_record_key", "right_source_record_key")
IDS = ("customer_id", "other_customer_id")


@dataclass(frozen=True, slots=True)
class Cleared:
    """What was taken away, in counts. `reviewed_files`: reviewed rows outside the home that were changed, for whoever keeps them."""

    state_rows: int
    reviewed_rows: int
    reviewed_files: tuple[str, ...]


def clear(home: Home, config: Config, reference: Path, person: Person) -> Cleared:
    """Take the person out of everything but the loads and what was published; the run that follows makes the warehouse anew."""
    recover_folders(home.predictions)  # of a run that was killed
    rows = sum(_clear_table(home, table, person) for table in TABLES.values() if table.stage != "channels")
    # dbt builds all of it anew, and free pages of a database keep what was deleted
    shutil.rmtree(home.warehouse.parent, ignore_errors=True)
    reviewed_rows, files = clear_reviewed(reference, config, person)
    for kept in sorted(home.inputs.glob("*/reference")):  # copies of what earlier runs read
        clear_reviewed(kept, config, person)
    return Cleared(rows, reviewed_rows, tuple(map(str, files)))


def _clear_table(home: Home, table: Table, person: Person) -> int:
    """Rows of a table of state or history that name the person, in any of its files and in what earlier nights kept of it."""
    columns = set(table.column_names)
    keys, ids = sorted(columns & {*KEYS}), sorted(columns & {*IDS})
    values = {"type", "scope", "value"} <= columns
    if not (keys or ids or values):
        return 0
    is_theirs = pl.any_horizontal(
        *(pl.col(name).is_in(list(person.records)) for name in keys),
        *(pl.col(name).is_in(list(person.customer_ids)) for name in ids),
        *([pl.struct("type", "scope", "value").is_in(_structs(person))] if values else []),
    )
    removed = 0
    for path in sorted((*home.table(table.name).rglob("*.parquet"), *home.predictions.glob(f"*/{table.name}/*.parquet"))):
        rows = pl.read_parquet(path, memory_map=False)
        kept = rows.filter(~is_theirs.fill_null(value=False))
        if kept.height < rows.height:
            removed += rows.height - kept.height
            with replacing(path) as beside:
                kept.write_parquet(beside)
    return removed


def _structs(person: Person) -> list[dict[str, str]]:
    return [{"type": kind, "scope": scope, "value": value} for kind, scope, value in person.values]
