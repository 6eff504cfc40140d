"""Which rows of the lake are new since the night: those of later loads, and those of a time that the night did not see."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import polars as pl

from pipelines.contracts.channel_tables import CHANNEL_EVENTS, CHANNEL_ORDERS
from pipelines.contracts.engine import business_time, create_from_frame, instant, lake_rows, open_engine, visible_rows
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table

_EPOCH = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Night:
    """The night that an hour follows: the run of the day, the loads that it saw, and the database that it published."""

    run: Run
    loads: Sequence[str]
    database: Path


def newest_fact_at(run: Run) -> datetime | None:
    """The newest instant of an event or order that is loaded; None without one.

    Only these have a time of their own: what an export states of people is dated by the export, and that often by the end of its day.
    A row that tells of a time after its own export is mistaken, and no clock.
    """
    newest = " union all ".join(
        f"select max({business_time(table)}) as happened_at from {lake_rows(run, table)} where {business_time(table)} <= _exported_at"
        for table in (CHANNEL_EVENTS, CHANNEL_ORDERS)
    )
    with open_engine(run, "hourly") as connection:
        # as a number: fetching an instant imports a library of time zones
        [(found,)] = connection.execute(f"select epoch_us(max(happened_at)) from ({newest})").fetchall()
    return None if found is None else _EPOCH + timedelta(microseconds=found)


def know_night(connection: duckdb.DuckDBPyConnection, night: Night) -> None:
    """Create `night_loads (load_id)`, which `new_rows` reads."""
    create_from_frame(connection, "night_loads", pl.DataFrame({"load_id": list(night.loads)}, schema={"load_id": pl.String}))


def new_rows(run: Run, night: Night, table: Table) -> str:
    """SQL relation: the rows of a channel table that the hour sees and the night did not."""
    return (
        f"(select * from {visible_rows(run, table)} where _load_id not in (select load_id from night_loads)"
        f" or {business_time(table)} >= {instant(night.run.as_of_end_at)})"
    )
