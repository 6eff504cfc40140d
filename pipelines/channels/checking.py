"""How a file would be read: it is loaded for real, into a home that is thrown away, so that what is said is what a run would do."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import polars as pl

from pipelines.channels.aside import Reason, Row, reasons, rows
from pipelines.channels.compiled import TABLES_BY_NAME
from pipelines.channels.containers import Packing, UnreadableError
from pipelines.channels.deliveries import is_left_out
from pipelines.channels.drift import read_headers
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.json_paths import outermost
from pipelines.channels.lineage import canonical_columns
from pipelines.channels.load import load_deliveries
from pipelines.channels.loads import COUNTS, LOADED, Load, read_manifests
from pipelines.channels.nearness import Near, nearest_formats
from pipelines.channels.recognition import header_of, normal_header
from pipelines.channels.redelivered import kept_packing
from pipelines.channels.workbooks import sheet_text
from pipelines.contracts.config import Config
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.masking import masked, scrubbed, shortened
from pipelines.contracts.tables import Personal, Table

_DELIMITER_NAMES = {",": "comma", "\t": "tab", ";": "semicolon", "|": "bar", " ": "space"}


@dataclass(frozen=True, slots=True)
class Mapped:
    """A column that is read: header (or path), field of the contract, and where it ends."""

    header: str
    field: str
    canonical: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FileCheck:
    """How one file (or member of an archive) would be read. `reason` is only there for a refused one, `nearest` for an unknown one."""

    file_path: str
    outcome: str
    reason: str | None
    container: str
    encoding: str | None
    format_name: str | None
    format_title: str | None
    counts: Mapping[str, int]
    exported_at: str | None
    totals: str | None
    warning: str | None
    mapped: tuple[Mapped, ...] = ()
    missing: tuple[str, ...] = ()  # that may be missing
    dropped: tuple[str, ...] = ()
    quarantined: tuple[Reason, ...] = ()
    examples: tuple[Row, ...] = ()
    preview: Mapping[str, Sequence[Mapping[str, str | None]]] | None = None
    nearest: tuple[Near, ...] = ()


def check_file(path: Path, config: Config, *, preview_rows: int = 3, formats_folders: Sequence[Path] = ()) -> list[FileCheck]:
    """One check a file, several for an archive with members; nothing is loaded. Personal values are masked.

    Raises ConfigurationError where there is no such file, or a run would leave it out because of its name.
    """
    if not path.is_file():
        raise ConfigurationError("no such file", where=str(path), do="check the path")
    if is_left_out(path.name):
        raise ConfigurationError("a run leaves it out: its name says hidden or unfinished", where=str(path), do="rename it")
    if formats_folders:
        folders = tuple(dict.fromkeys([*config.channels.formats_folders, *formats_folders]))
        config = config.model_copy(update={"channels": config.channels.model_copy(update={"formats_folders": folders})})
    formats = read_formats([SHIPPED, *config.channels.formats_folders], config.business_time_zone)
    with tempfile.TemporaryDirectory(prefix="cdp-check-") as folder:
        home = Home(Path(folder) / "home", Path(folder) / "inbox")
        # below a folder, so that no name counts as the simulator's; with its own, because a date in it dates the export
        inbox = home.deliveries / "checked" / (path.resolve().parent.name or "root").lstrip(".~")
        inbox.mkdir(parents=True)
        _put(path.resolve(), inbox / path.name)
        prefix = len(inbox.relative_to(home.deliveries).as_posix()) + 1
        report = load_deliveries(home, config)
        checks = [_check(home, load, formats, config, prefix, preview_rows) for load in read_manifests(home).values()]
        told = {check.file_path for check in checks}
        waiting = [problem for problem in report.refused if problem.path[prefix:] not in told]
        checks += [_unread(problem.path[prefix:], problem.reason) for problem in waiting]
        return sorted(checks, key=lambda check: check.file_path)


def _put(source: Path, target: Path) -> None:
    """The file itself under another name where the disk allows it, else a copy of the same age. Links may lead out of an inbox."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _unread(name: str, reason: str) -> FileCheck:
    """A file that a run would leave for later, such as one over a limit."""
    return FileCheck(name, "waits", reason, "unknown", None, None, None, dict.fromkeys(COUNTS, 0), None, None, None)


def _check(home: Home, load: Load, formats: Sequence[Format], config: Config, prefix: int, preview_rows: int) -> FileCheck:
    item = next((item for item in formats if item.name == load.format_name), None)
    common: dict[str, Any] = {
        "file_path": load.file_path[prefix:],
        "outcome": load.outcome,
        "reason": load.reason,
        "container": _container(load, item),
        "encoding": load.encoding,
        "format_name": load.format_name,
        "format_title": item.spec.title if item is not None else None,
        "counts": {name: getattr(load, name) for name in COUNTS},
        "exported_at": load.exported_at.isoformat() if load.exported_at else None,
        "totals": load.totals,
        "warning": load.warning,
    }
    if load.outcome != LOADED or item is None:
        return FileCheck(**common, nearest=tuple(_nearest(home, load, formats, config)))
    kept = read_headers(home, load.header_hash or "")
    mapped, dropped = _columns(item, kept.names if kept is not None else ())
    mine = [reason for reason in reasons(home) if reason.load_id == load.load_id]
    return FileCheck(
        **common,
        mapped=mapped,
        missing=tuple(load.missing_columns.split(", ")) if load.missing_columns else (),
        dropped=dropped,
        quarantined=tuple(mine),
        examples=tuple(rows(home, formats, load.load_id, preview_rows)) if preview_rows and mine else (),
        preview=_preview(home, load, preview_rows),
    )


def _container(load: Load, item: Format | None) -> str:
    kinds = {Packing.GZIP: "gzip, ", Packing.XLSX: "Excel workbook, ", Packing.PARQUET: "", Packing.ZIP: "zip archive"}
    outer = kinds.get(kept_packing(Path(load.archive_path)), "")
    if item is None:
        return outer.rstrip(", ") or "plain"
    spec = item.spec
    inner = spec.container.replace("_", " ")
    if spec.container == "delimited":
        inner = f"delimited by {_DELIMITER_NAMES.get(spec.delimiter, repr(spec.delimiter))}"
    return outer + inner


def _columns(item: Format, names: Sequence[str]) -> tuple[tuple[Mapped, ...], tuple[str, ...]]:
    spec, ends = item.spec, canonical_columns(item)
    headers = {name: header_of(field, names) for name, field in spec.fields.items()}
    if spec.is_json:  # paths through arrays are read and are no header
        headers = {name: found or spec.fields[name].label for name, found in headers.items()}
    mapped = tuple(Mapped(header, name, ends[name]) for name, header in headers.items() if header is not None)
    if spec.is_json:
        read = {outermost(path) for field in spec.fields.values() for path in field.column} | {spec.each}
        return mapped, tuple(name for name in names if name not in read)
    used = {*headers.values(), *(normal_header(name) for field in spec.fields.values() for name in field.followed_by)}
    return mapped, tuple(name for name in names if name not in used)


def _nearest(home: Home, load: Load, formats: Sequence[Format], config: Config) -> list[Near]:
    copy = home.lake / "files" / load.archive_path
    packing = kept_packing(copy)
    try:
        if packing is Packing.PLAIN:
            plain = next((home.deliveries / path for path in load.paths if (home.deliveries / path).is_file()), None)
            if plain is None:  # a member of an archive
                return []
            copy = plain
        elif packing is Packing.XLSX:
            copy, packing = sheet_text(copy, home.lake / "sheet.csv", config.channels.max_workbook_bytes), Packing.PLAIN
        return [] if packing is Packing.ZIP else nearest_formats(copy, packing, formats)
    except UnreadableError:
        return []


def _preview(home: Home, load: Load, count: int) -> dict[str, list[dict[str, str | None]]]:
    """The first rows of each table, provenance left out, personal columns masked and everything else scrubbed."""
    found: dict[str, list[dict[str, str | None]]] = {}
    for name, table in TABLES_BY_NAME.items():
        part = home.table(name) / f"load={load.load_id}" / "part-0.parquet"  # of several the first, which is in file order
        if part.exists():
            first = pl.scan_parquet(part, glob=False, hive_partitioning=False).head(count).collect()
            found[name] = [_masked_row(row, table) for row in first.to_dicts()]
    return found


def _masked_row(row: Mapping[str, Any], table: Table) -> dict[str, str | None]:
    shown: dict[str, str | None] = {}
    for name, value in row.items():
        if name.startswith("_"):
            continue
        text = None if value is None else shortened(str(value))
        is_text = isinstance(value, str)
        if text is not None and table.column(name).personal is not Personal.NONE:
            text = masked(text)
        elif text is not None and is_text:
            text = scrubbed(text)
        shown[name] = text
    return shown
