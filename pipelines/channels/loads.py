"""What became of each delivered file, kept as one manifest a load: a load is visible once its manifest is in place."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl
from polars.exceptions import PolarsError

from pipelines.channels.archive import Redacted
from pipelines.channels.drift import Headed, drifts
from pipelines.contracts.channel_tables import CANONICAL_TABLES, CHANNEL_LOADS, CHANNEL_QUARANTINE
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.settings.sources import FileProblem
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table

NO_LOAD = "0"  # a load with no rows, so that every table exists from the first run
LOADED, REFUSED = "loaded", "refused"
LOAD_TABLES = (*CANONICAL_TABLES, CHANNEL_QUARANTINE)


@dataclass(frozen=True, slots=True)
class Load:
    """One file content: its row in channel_loads, and what only this stage needs. Counts are of physical lines and records."""

    load_id: str
    file_path: str
    sha256: str
    byte_count: int
    outcome: str
    reason: str | None = None
    format_name: str | None = None
    format_hash: str | None = None
    line_count: int = 0
    header_count: int = 0
    preamble_count: int = 0
    footer_count: int = 0
    blank_count: int = 0
    continuation_count: int = 0
    loaded_count: int = 0
    duplicate_count: int = 0
    quarantined_count: int = 0
    erased_count: int = 0
    dropped_column_count: int = 0
    delivery_count: int = 1
    covers_from_on: date | None = None
    covers_to_on: date | None = None
    exported_at: datetime | None = None
    header_hash: str | None = None
    missing_columns: str | None = None
    totals: str | None = None
    warning: str | None = None
    # not in channel_loads
    paths: tuple[str, ...] = ()  # every path under which the content came
    archive_path: str = ""
    contracts_hash: str = ""  # of all contracts when it was refused: with others it is tried again
    problem: FileProblem | None = None  # kind of refusal
    tables: dict[str, str] | None = None  # digest of the columns of each table that it has rows in; None: written before this was kept
    encoding: str | None = None  # None for what is no text
    redacted: Redacted | None = None  # None: the copy in the archive is the file as delivered
    is_copy_dropped: bool = False  # a refused file that names somebody who was forgotten: its copy is not kept

    def delivered_as(self, path: str) -> Load:
        """The same load, met under another path."""
        paths = tuple(sorted({*self.paths, path}))
        return replace(self, paths=paths, delivery_count=len(paths))

    @property
    def unaccounted(self) -> int:
        """Lines that are in the file and in none of the counts: always 0, or something was lost."""
        return self.line_count - (
            self.header_count
            + self.preamble_count
            + self.footer_count
            + self.blank_count
            + self.continuation_count
            + self.loaded_count
            + self.duplicate_count
            + self.quarantined_count
            + self.erased_count
        )


def manifests_folder(home: Home) -> Path:
    """Where the manifests lie."""
    return home.lake / "loads"


def staging_folder(home: Home) -> Path:
    """Where a run writes what is not visible yet."""
    return home.lake / "staging"


def read_manifests(home: Home) -> dict[str, Load]:
    """Every load by its id. A manifest that a power cut left empty does not count."""
    folder = manifests_folder(home)
    if not folder.is_dir():
        return {}
    found = (read_manifest(path) for path in sorted(folder.glob("*.json")))
    return {load.load_id: load for load in found if load is not None}


def read_manifest(path: Path) -> Load | None:
    """The load of one manifest; None for one that was cut."""
    try:
        value: dict[str, Any] = json.loads(path.read_bytes())
    except json.JSONDecodeError:
        return None
    for name in ("covers_from_on", "covers_to_on"):
        value[name] = date.fromisoformat(value[name]) if value[name] else None
    value["exported_at"] = datetime.fromisoformat(value["exported_at"]) if value["exported_at"] else None
    value["paths"] = tuple(value["paths"])
    redacted = value.get("redacted")
    value["redacted"] = redacted and Redacted(redacted["sha256"], tuple(redacted["rows"]), redacted["blank_lines"])
    return Load(**value)


def write_manifest(home: Home, load: Load) -> None:
    """Make the load visible. Renamed into place without a sync of its own: the caller syncs once for many loads."""
    write_manifest_to(manifests_folder(home) / f"{load.load_id}.json", load)


def write_manifest_to(path: Path, load: Load) -> None:
    """The same at another place."""
    beside = path.with_name(f".{path.stem}.new")
    beside.write_text(json.dumps(asdict(load), ensure_ascii=False, indent=1, default=str) + "\n", encoding="utf-8")
    beside.replace(path)


def recover(home: Home, loads: Iterable[str]) -> None:
    """Remove what a run left that died before its manifest: staging, and rows of loads that are not in `loads`."""
    shutil.rmtree(staging_folder(home), ignore_errors=True)
    known = {*loads, NO_LOAD}
    for table in LOAD_TABLES:
        for folder in home.table(table.name).glob("load=*"):
            if folder.name.removeprefix("load=") not in known:
                shutil.rmtree(folder)
    for folder in (staging_folder(home), manifests_folder(home)):
        folder.mkdir(parents=True, exist_ok=True)


def keep_only(home: Home, kept: Collection[str]) -> None:
    """Make the lake of a shadow hold the loads `kept` and no other, as if nothing else had been delivered. Never on a home itself."""
    for load_id in read_manifests(home).keys() - set(kept):
        (manifests_folder(home) / f"{load_id}.json").unlink()
    recover(home, kept)
    write_loads_table(home, read_manifests(home))


def write_loads_table(home: Home, loads: Mapping[str, Load]) -> None:
    """CHANNEL_LOADS from the manifests, and the empty load of every table."""
    headed = (
        Headed(load.load_id, load.format_name, load.exported_at, load.header_hash, load.missing_columns)
        for load in loads.values()
        if load.format_name and load.exported_at and load.header_hash
    )
    changes = drifts(home, headed)
    columns = [name for name in CHANNEL_LOADS.column_names if name != "drift"]
    rows = [{**{name: getattr(load, name) for name in columns}, "drift": changes.get(load_id)} for load_id, load in sorted(loads.items())]
    write_table(pl.DataFrame(rows, schema=CHANNEL_LOADS.schema), CHANNEL_LOADS, home.table(CHANNEL_LOADS.name) / "part-0.parquet")
    for table in LOAD_TABLES:
        part = home.table(table.name) / f"load={NO_LOAD}" / "part-0.parquet"
        if not _has_schema(part, table):
            # no sync, which costs 8 ms a table: what a power cut leaves of it is seen here and written again
            part.parent.mkdir(parents=True, exist_ok=True)
            beside = part.with_name(".part.new")
            pl.DataFrame(schema=table.schema).write_parquet(beside)
            beside.replace(part)


def _has_schema(part: Path, table: Table) -> bool:
    try:
        return pl.read_parquet_schema(part) == table.schema
    except (FileNotFoundError, PolarsError):
        return False


def newest_covered_day(home: Home) -> date | None:
    """The newest business date that any loaded file covers; None without one."""
    days = [load.covers_to_on for load in read_manifests(home).values() if load.outcome == LOADED and load.covers_to_on]
    return max(days, default=None)


def refused_loads(home: Home) -> list[Load]:
    """Files that could not be read at all, by path."""
    return sorted((load for load in read_manifests(home).values() if load.outcome == REFUSED), key=lambda load: load.file_path)


def visible_loads(home: Home, run: Run) -> list[str]:
    """Ids of the loads that the run may see, sorted: exported before the run's limit."""
    loads = read_manifests(home).values()
    return sorted(
        load.load_id for load in loads if load.outcome == LOADED and load.exported_at and load.exported_at < run.exported_before_at
    )


def readings_hash(home: Home, run: Run) -> str:
    """What the visible loads hold, in one hash: a load that was read again under another contract is the same load with other rows."""
    loads, seen = read_manifests(home), visible_loads(home, run)
    told = [
        [load.load_id, load.format_hash, load.tables, *(getattr(load, name) for name in COUNTS)] for load in map(loads.__getitem__, seen)
    ]
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()


def load_readings(home: Home) -> dict[str, str]:
    """What each load holds, in a hash: another one when it was read again to other rows, the same when it is delivered once more."""
    counts = [name for name in COUNTS if name != "delivery_count"]
    told = {
        load_id: [load.format_hash, str(load.exported_at), load.tables, *(getattr(load, name) for name in counts)]
        for load_id, load in read_manifests(home).items()
    }
    return {load_id: hashlib.sha256(json.dumps(one, sort_keys=True).encode()).hexdigest() for load_id, one in told.items()}


COUNTS = tuple(item.name for item in fields(Load) if item.name.endswith("_count"))
