"""`cdp export`: hand out what a role may see. The row of the ledger is safe before the file is in its place."""

from __future__ import annotations

import getpass
import hashlib
import json as jsons
import tempfile
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import polars as pl

from assets import project
from assets.cli.installation import installation
from assets.cli.wording import counted, plain
from pipelines.contracts.errors import ConfigurationError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import replacing
from pipelines.downloads import Download, prepare, read_roles, role_named
from pipelines.ledger import Entry, Head, append
from pipelines.publish.cells import number_cell, text_cell

_PRIVATE = 0o600


def print_export(
    home: Path | None, config: Path | None, role_name: str, what: str, out: Path, as_of: date | None, by: str | None, *, as_json: bool
) -> None:
    """Write the file, note it, and say what it holds."""
    folders, settings = installation(home, config)
    role = role_named(role_name, read_roles(settings.reference_folder or project.REFERENCE))
    target = _target(out, folders)
    person = by or _login()
    with tempfile.TemporaryDirectory(prefix="cdp-export-") as scratch:
        download = prepare(folders, role, what, as_of, Path(scratch), settings.engine.memory_limit)
        entry, head = _hand_out(folders, download, target, role.name, person)
    record = {"out": str(target), "ledger_row": head.sequence, "ledger_hash": head.hash, **asdict(entry)}
    if as_json:
        print(jsons.dumps(record, ensure_ascii=False))
        return
    hidden = "" if not role.hide else f"; hidden: {', '.join(role.hide)}"
    size = f"{counted(entry.row_count or 0, 'row')}, {counted(len(download.columns), 'column')}"
    print(f"{download.what} of {download.as_of} for {role.name}: {size}{hidden}")
    print(f"written to {plain(str(out), to=200)}")
    print(f"ledger row {head.sequence}, {head.hash}")


def _target(out: Path, home: Home) -> Path:
    """The file to write. Raises ConfigurationError for a place in the home, where an erasure would find it, or one that is not there."""
    target = out.resolve()
    if target.is_relative_to(home.root):
        raise ConfigurationError("lies in the home, which keeps what it has published", where=str(out), do="name a file outside")
    if target.suffix != ".csv" or target.is_dir():
        raise ConfigurationError("is no name of a CSV file", where=str(out), do="name it FILE.csv")
    if not target.parent.is_dir():
        raise ConfigurationError("no such folder", where=str(out.parent), do="make it first")
    return target


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError) as error:
        raise ConfigurationError("is missing", where="--by", do="say who takes it") from error


def _hand_out(home: Home, download: Download, target: Path, role: str, by: str) -> tuple[Entry, Head]:
    """Write beside, note, rename: a file that nobody noted is never in its place; a row without a file is a download that failed."""
    labels = dict(zip(download.columns, download.labels, strict=True))
    cells = [pl.col(name) for name in download.columns]
    if download.texts is not None:
        cells = [(text_cell if name in download.texts else number_cell)(name) for name in download.columns]
    try:
        with replacing(target, mode=_PRIVATE) as beside:
            beside.touch(mode=_PRIVATE)
            written = download.rows.select(cells).rename(labels)
            written.sink_csv(beside, include_bom=True, line_terminator="\r\n", quote_style="always")
            with beside.open("rb") as handle:
                digest = hashlib.file_digest(handle, "sha256").hexdigest()
            count: int = download.rows.select(pl.len()).collect().item()
            at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            entry = Entry("download", role, download.what, str(download.as_of), digest, count, download.columns, by=by, at=at)
            head = append(home, [entry])
    except (OSError, duckdb.IOException, pl.exceptions.PolarsError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        raise ConfigurationError(f"cannot be written: {reason}", where=str(target), do="choose another --out") from error
    return entry, head
