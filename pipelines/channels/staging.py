"""From results to a load in staging: every line in one of the counts, every part checked, or the file is refused with the reason."""

from __future__ import annotations

import errno
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

from polars.exceptions import PolarsError

from pipelines.channels.containers import UnreadableError, is_panic
from pipelines.channels.deliveries import is_unchanged
from pipelines.channels.execution import PARQUET, Results, Stop, run
from pipelines.channels.footers import compare_totals
from pipelines.channels.loads import LOADED, Load
from pipelines.channels.pieces import run_in_pieces
from pipelines.channels.quarantine import quarantined_rows
from pipelines.channels.reading import Opened, without_broken_json
from pipelines.channels.settled import SCHEMAS
from pipelines.contracts.channel_tables import CHANNEL_QUARANTINE
from pipelines.contracts.storage import is_disk_full


@dataclass(frozen=True, slots=True)
class Staged:
    """A load in staging, not yet visible: a Parquet file a table, several of a large file."""

    load: Load
    parts: tuple[tuple[str, Path], ...]
    headers: tuple[str, ...] = ()
    erased_rows: tuple[int, ...] = ()  # source_row of all records that are stopped
    kept_rows: tuple[int, ...] = ()  # those of them that are in the copy no more: what they gave to the books is in the lake alone
    to_redact: Opened | None = None  # where some of them still stand in the copy


def stage(batch: Sequence[Opened], zone: str, stop: Stop, *, in_memory: bool) -> list[Staged | UnreadableError]:
    """One outcome a file. A file that breaks the plan of its batch is found by running each alone."""
    try:
        results = run(batch, stop) if in_memory else [run_in_pieces(batch[0], stop)]
    except (PolarsError, FileNotFoundError) as error:
        if len(batch) > 1:
            return [outcome for opened in batch for outcome in stage([opened], zone, stop, in_memory=in_memory)]
        if isinstance(error, FileNotFoundError):
            return [UnreadableError("went away while it was read", "deliver it again", is_passing=True)]
        try:
            repaired = without_broken_json(batch[0])
        except UnreadableError as refusal:
            return [refusal]
        if repaired is not None:
            return stage([repaired], zone, stop, in_memory=in_memory)
        if is_disk_full(error):
            raise OSError(errno.ENOSPC, "No space left on device", str(batch[0].staging.parent)) from error
        # its text may quote values
        what = f"could not be computed ({type(error).__name__})"
        return [UnreadableError(what, "report it with the contract", kind="refused")]
    except BaseException as error:
        if not is_panic(error):
            raise
        if len(batch) > 1:
            return [outcome for opened in batch for outcome in stage([opened], zone, stop, in_memory=in_memory)]
        return [UnreadableError("is damaged in a way over which its parser gave up", "report it with the contract", kind="refused")]
    return [_staged_or_refused(opened, result, zone, stop) for opened, result in zip(batch, results, strict=True)]


def _staged_or_refused(opened: Opened, results: Results, zone: str, stop: Stop) -> Staged | UnreadableError:
    try:
        return _staged(opened, results, zone, stop)
    except UnreadableError as error:
        return error


def _staged(opened: Opened, results: Results, zone: str, stop: Stop) -> Staged:
    lines, spec = opened.lines, opened.format.spec
    if opened.text is not None and opened.text.text == opened.file.path and not is_unchanged(opened.file):
        raise UnreadableError("was written to while it was read", "leave it, the next run reads it again", is_passing=True)
    if results.read_count != lines.records:
        what = f"was read as {results.read_count} records where {lines.records} were found"
        raise UnreadableError(what, "report it with the contract", kind="refused")
    quarantine, stopped = quarantined_rows(opened, results, stop)
    before = opened.archived.redacted
    erased = tuple(sorted({*results.erased_rows, *stopped, *before.rows}))
    is_whole = not (lines.bad or results.faulty.height or results.repeated_count or erased)
    totals = compare_totals(spec, lines.footer_text, results.totals, is_whole=is_whole)
    if results.holes:
        table, column = results.holes[0]
        what = f"gives rows of {table} without {column}"
        raise UnreadableError(what, f"mend {opened.format.name}: a field of it must be `required`", kind="refused")
    parts = results.parts
    if quarantine.height:
        path = opened.staging.with_name(f"{opened.staging.name}.{CHANNEL_QUARANTINE.name}.parquet")
        quarantine.write_parquet(path, **PARQUET)
        parts = (*parts, (CHANNEL_QUARANTINE.name, path))
    first_on, last_on = _covers(opened, results, zone)
    load = Load(
        load_id=opened.archived.load_id,
        file_path=opened.file.name,
        sha256=opened.archived.sha256,
        byte_count=opened.archived.byte_count,
        outcome=LOADED,
        format_name=opened.format.name,
        format_hash=opened.format.hash,
        line_count=lines.total,
        header_count=opened.layout.header_lines + spec.rows_below_header,
        preamble_count=opened.layout.preamble_lines,
        footer_count=lines.footer,
        blank_count=lines.blank - before.blank_lines,
        # of a record that was cut out before, the lines are blank now
        continuation_count=lines.continuation + max(before.blank_lines - len(before.rows), 0),
        loaded_count=results.loaded_count,
        duplicate_count=results.repeated_count,
        quarantined_count=quarantine.height,
        erased_count=len(erased),
        dropped_column_count=opened.scan.dropped_columns,
        covers_from_on=first_on,
        covers_to_on=last_on,
        exported_at=opened.constants.exported_at,
        missing_columns=", ".join(opened.scan.missing_columns) or None,
        totals=None if totals is None else totals.outcome,
        warning=None if totals is None else totals.difference,
        tables={name: SCHEMAS[name] for name, _ in parts},
        encoding=None if opened.text is None else opened.layout.encoding,
        paths=(opened.file.name,),
        archive_path=opened.archived.path.name,
        redacted=before if before.sha256 else None,
    )
    if load.unaccounted:
        raise UnreadableError(f"has {load.unaccounted} lines that would be in no count", "report it with the contract", kind="refused")
    found = frozenset(erased) - frozenset(before.rows)
    return Staged(load, parts, opened.layout.headers, erased, before.rows, opened if found else None)


def _covers(opened: Opened, results: Results, zone: str) -> tuple[date | None, date | None]:
    """Business days of the first and last fact. A fact later than its own export is a wrong clock and covers nothing."""
    first, last = results.first_at, results.last_at
    if first is None or last is None:
        return None, None
    info = ZoneInfo(zone)
    return first.astimezone(info).date(), min(last, max(opened.constants.exported_at, first)).astimezone(info).date()
