"""What was set aside, for people: rows in quarantine by reason, the rows themselves with masked values, and which loads to read again."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipelines.channels.containers import Packing
from pipelines.channels.formats import Format
from pipelines.channels.lineage import personal_fields
from pipelines.channels.loads import REFUSED, Load, read_manifests
from pipelines.channels.redelivered import kept_packing
from pipelines.contracts.channel_tables import CHANNEL_QUARANTINE
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.masking import masked, scrubbed, shortened

_MAX_NAMED = 5
_FILES = frozenset({Packing.PLAIN, Packing.GZIP, Packing.PARQUET, Packing.XLSX})
# fields of these types show nobody when they hold what they should, and a phone in one of them is scrubbed
_MEASURES = frozenset({"amount", "price", "quantity", "rate"})
_NUMBERS = frozenset({"integer", "instant", "epoch_seconds", "epoch_millis", "epoch_micros", "date"})  # unless a birthday, or an account
_PLAIN = r"^[\d\s.,:/+\-%TZ¥￥$€£]*$"


@dataclass(frozen=True, slots=True)
class Reason:
    """One row per file, column and reason."""

    load_id: str
    file_path: str
    format_name: str
    column_name: str | None
    reason: str
    row_count: int


@dataclass(frozen=True, slots=True)
class Row:
    """A record in quarantine. `value` is masked unless it was asked for in clear; `record` is only given then."""

    load_id: str
    file_path: str
    line: int
    column_name: str | None
    reason: str
    value: str | None
    record: str | None = None


def reasons(home: Home) -> list[Reason]:
    """Every reason for which rows are in quarantine, by file, with how many."""
    loads = read_manifests(home)
    rows = _quarantine(home, [load.load_id for load in loads.values() if load.quarantined_count])
    counted = rows.group_by("_load_id", "format_name", "column_name", "reason").len().collect()
    found = [
        Reason(row["_load_id"], loads[row["_load_id"]].file_path, row["format_name"], row["column_name"], row["reason"], row["len"])
        for row in counted.to_dicts()
    ]
    return sorted(found, key=lambda item: (item.file_path, -item.row_count, item.column_name or "", item.reason))


def rows(home: Home, formats: Iterable[Format], which: str | None, limit: int, *, reveal: bool = False) -> list[Row]:
    """The first `limit` rows in quarantine, by file and line, of the load or file `which`, or of all.

    Raises ConfigurationError where `which` names no load, or several.
    """
    loads = read_manifests(home)
    chosen = [named(loads, which)] if which is not None else [load for load in loads.values() if load.quarantined_count]
    order = {load.load_id: number for number, load in enumerate(sorted(chosen, key=lambda load: load.file_path))}
    plain = {item.name: _plain_headers(item) for item in formats}
    ranked = _quarantine(home, order).with_columns(_rank=pl.col("_load_id").replace_strict(order, return_dtype=pl.Int64) if order else 0)
    first = ranked.sort("_rank", "_source_row").head(limit).collect()
    return [_row(row, loads[row["_load_id"]], plain.get(row["format_name"], frozenset()), reveal=reveal) for row in first.to_dicts()]


def named(loads: Mapping[str, Load], which: str) -> Load:
    """The load with this id, or the beginning of one, or of a file with this path, or the end of one."""
    found = [loads[which]] if which in loads else [load for load in loads.values() if which in load.paths]
    if not found:
        found = [
            load
            for load in loads.values()
            if load.load_id.startswith(which.lower()) or any(path.endswith(f"/{which.lstrip('/')}") for path in load.paths)
        ]
    if not found:
        raise ConfigurationError("no load has this id or path", where=which, do="see `cdp quarantine list`, or the table channel_loads")
    if len(found) > 1:
        some = ", ".join(sorted(f"{load.load_id} {load.file_path}" for load in found)[:_MAX_NAMED])
        raise ConfigurationError(f"names {len(found)} loads: {some}", where=which, do="name one by its id")
    return found[0]


def to_reload(home: Home, *, which: str | None = None, format_name: str | None = None, only_incomplete: bool) -> list[Load]:
    """Loads to be read again, of one name, of one format, or all; `only_incomplete`: those with rows in quarantine, and refused files.

    Raises ConfigurationError where there is nothing to read.
    """
    loads = read_manifests(home)
    if which is not None:
        load = named(loads, which)
        if not _can_be_read(load):
            raise ConfigurationError("is an archive that could not be taken apart", where=load.file_path, do="deliver it again")
        return [load]
    if format_name is not None and format_name not in {load.format_name for load in loads.values()}:
        raise ConfigurationError("no load has this format", where=format_name, do="see `cdp channels list`, and `cdp quarantine list`")
    found = [load for load in loads.values() if format_name in (None, load.format_name) and _can_be_read(load)]
    if only_incomplete:
        found = [load for load in found if load.quarantined_count or load.outcome == REFUSED]
    return sorted(found, key=lambda load: load.file_path)


def _can_be_read(load: Load) -> bool:
    """False for the wrapper of an archive, which is only kept where it could not be taken apart."""
    return kept_packing(Path(load.archive_path)) in _FILES


def _quarantine(home: Home, load_ids: Iterable[str]) -> pl.LazyFrame:
    folders = [home.table(CHANNEL_QUARANTINE.name) / f"load={load_id}" for load_id in load_ids]
    present = [part for folder in folders for part in sorted(folder.glob("*.parquet"))]
    return pl.scan_parquet(present, glob=False, hive_partitioning=False) if present else pl.LazyFrame(schema=CHANNEL_QUARANTINE.schema)


def _plain_headers(item: Format) -> frozenset[str]:
    personal = personal_fields(item)
    return frozenset(
        field.label
        for name, field in item.spec.fields.items()
        if field.type in _MEASURES or (field.type in _NUMBERS and name not in personal)
    )


def _row(row: Mapping[str, str | int | None], load: Load, plain: frozenset[str], *, reveal: bool) -> Row:
    value, column = row["value"], row["column_name"]
    shown = None if value is None else str(value) if reveal else _shown(str(value), is_plain=column in plain)
    return Row(
        load.load_id,
        load.file_path,
        int(row["_source_row"] or 0),
        None if column is None else str(column),
        str(row["reason"]),
        shown,
        str(row["record_raw"]) if reveal else None,
    )


def _shown(value: str, *, is_plain: bool) -> str:
    """Numbers and times of columns without people as they are, so that a wrong spelling is seen; everything else masked."""
    text = shortened(value)
    return scrubbed(text) if is_plain and re.fullmatch(_PLAIN, text) else masked(text)
