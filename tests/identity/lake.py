"""A lake of a few rows, written as the channels stage would, for tests of the stages behind it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.contracts.channel_tables import CHANNEL_TABLES
from pipelines.contracts.config import Config
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.settings.identity import IdentityConfig
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table

REFERENCE = Path(__file__).resolve().parents[2] / "data" / "reference"
DAY = date(2026, 5, 1)
SEEN = datetime(2026, 4, 1, 8, tzinfo=UTC)
Point = tuple[str, str, str]  # source_record_key, type, value_raw
_BY_NAME = {table.name: table for table in CHANNEL_TABLES}
_SCOPES = {"phone": "global", "email": "global", "payment_order_no": "wechatpay"}


@dataclasses.dataclass
class SmallLake:
    """One home. Every call of `add` is one load; times and lines have defaults."""

    root: Path
    reference: Path = REFERENCE
    loads: int = 0

    def __post_init__(self) -> None:
        for table in _BY_NAME.values():
            if table.name not in {"channel_loads", "channel_quarantine"}:
                self._write(table, "0", [])

    @property
    def home(self) -> Home:
        return Home(self.root)

    def run(self, as_of: date = DAY, **identity: Any) -> Run:
        return Run(as_of, Config(identity=IdentityConfig(**identity)), self.home, self.reference)

    def add(self, table: str, rows: Sequence[Mapping[str, Any]], *, exported_at: datetime = SEEN) -> str:
        """Write `rows` as one load of `table`; return its id."""
        self.loads += 1
        load_id = f"{self.loads:016x}"
        defaults = {"first_seen_at": SEEN, "last_seen_at": SEEN, "_load_id": load_id, "_exported_at": exported_at}
        full = [
            {"channel": str(row.get("source_record_key") or "x").split(":")[0], **defaults, "_source_row": line, **row}
            for line, row in enumerate(rows, start=2)
        ]
        self._write(_BY_NAME[table], load_id, full)
        return load_id

    def add_points(self, points: Sequence[Point], **extra: Any) -> str:
        """One load of contact points, in the usual scope of their type."""
        names = ("source_record_key", "type", "value_raw")
        rows = [dict(zip(names, point, strict=True)) | {"scope": _SCOPES.get(point[1], "shop")} | extra for point in points]
        return self.add("channel_contact_points", rows)

    def read(self, table: str) -> pl.DataFrame:
        return pl.read_parquet(self.home.table(table) / "part-0.parquet")

    def customers(self) -> dict[str, str]:
        """source_record_key -> customer_id of the last run."""
        return dict(self.read("identity_current").select("source_record_key", "customer_id").iter_rows())

    def clusters(self) -> set[frozenset[str]]:
        members = self.read("identity_current").group_by("customer_id").agg("source_record_key")
        return {frozenset(keys) for keys in members["source_record_key"].to_list()}

    def bytes_of(self, *tables: str) -> dict[str, bytes]:
        return {table: (self.home.table(table) / "part-0.parquet").read_bytes() for table in tables}

    def _write(self, table: Table, load_id: str, rows: Sequence[Mapping[str, Any]]) -> None:
        known = [{name: row.get(name) for name in table.schema} for row in rows]
        write_table(pl.DataFrame(known, schema=table.schema), table, self.home.table(table.name) / f"load={load_id}" / "part-0.parquet")


def later(days: float) -> datetime:
    return SEEN + timedelta(days=days)
