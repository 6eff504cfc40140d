"""A tiny lake in the layout of the contracts, from plain rows: what a test says, with the rest filled in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.catalog import TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table, Type
from pipelines.segments import read_segments
from pipelines.tags import read_tags, write_tags

Row = dict[str, Any]

_LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
_FILLERS: Mapping[Type, Any] = {
    Type.TEXT: "x",
    Type.INTEGER: 1,
    Type.AMOUNT: Decimal(0),
    Type.PRICE: Decimal(0),
    Type.QUANTITY: Decimal(1),
    Type.RATE: 0.0,
    Type.DATE: _LONG_AGO.date(),
    Type.INSTANT: _LONG_AGO,
    Type.BOOLEAN: False,
}


@dataclass
class TinyLake:
    """Rows of lake tables by name. Required columns that a row does not give are filled; others are null."""

    rows: dict[str, list[Row]] = field(default_factory=dict)

    def add(self, table: str, **values: Any) -> Row:
        contract = TABLES[table]
        unknown = values.keys() - set(contract.column_names)
        if unknown:
            raise KeyError(f"{table} has no columns {sorted(unknown)}")
        row = {column.name: _FILLERS[column.type] if column.required else None for column in contract.columns} | values
        self.rows.setdefault(table, []).append(row)
        return row

    def of(self, table: str) -> list[Row]:
        return self.rows.get(table, [])

    def write(self, home: Home, run: Run) -> None:
        """Every table that Python writes, with zero rows where nothing was said."""
        for name, table in TABLES.items():
            if name in {"run_context", "rfm_bands", "segment_memberships"} or table.stage in {"tags", "metrics"}:
                continue
            _write(home, table, self.of(name))
        write_table(run.context(), TABLES["run_context"], home.table("run_context") / "part-0.parquet")
        write_tags(run, read_tags(), read_segments(()))
        write_table(run.rfm_bands(), TABLES["rfm_bands"], home.table("rfm_bands") / "part-0.parquet")


def _write(home: Home, table: Table, rows: Iterable[Row]) -> None:
    frame = pl.DataFrame(list(rows), schema=table.schema, orient="row")
    if "_load_id" not in table.column_names or not table.name.startswith("channel_"):
        write_table(frame, table, home.table(table.name) / "part-0.parquet")
        return
    write_table(frame.clear(), table, home.table(table.name) / "load=0" / "part-0.parquet")
    for (load_id,), part in frame.partition_by("_load_id", as_dict=True).items():
        write_table(part, table, home.table(table.name) / f"load={load_id}" / "part-0.parquet")


def tiny_run(root: Path, as_of: date, config: Config | None = None) -> Run:
    return Run(as_of=as_of, config=config or Config(), home=Home(root), reference=root)


def at(day: date, hour: float = 12.0) -> datetime:
    """Instant of an hour of a day in China, which has kept one offset since 1991."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(hours=hour - 8)
