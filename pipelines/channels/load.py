"""Load what was delivered: find, hash, recognize, read, publish. One bad file never stops the others; a crash leaves nothing half-seen."""

from __future__ import annotations

import errno
import os
import shutil
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from pipelines.channels.archive import LOAD_ID_DIGITS, Archived, Redacted, archive
from pipelines.channels.containers import ARCHIVES, Packing, UnreadableError, packing_of
from pipelines.channels.deliveries import Delivered, find, is_unchanged, read_seen, write_seen
from pipelines.channels.drift import keep_headers
from pipelines.channels.erased import kept_books
from pipelines.channels.execution import Stop, batches
from pipelines.channels.formats import SHIPPED, Format, read_formats
from pipelines.channels.loads import (
    LOADED,
    REFUSED,
    Load,
    read_manifests,
    recover,
    staging_folder,
    write_loads_table,
    write_manifest,
)
from pipelines.channels.reading import Opened, open_file
from pipelines.channels.redaction import drop_unknown_copies, names_somebody, redacted_copy
from pipelines.channels.redelivered import delivered_again, kept_packing
from pipelines.channels.replacement import finish_replacements, replace_loads
from pipelines.channels.report import FileProblem, LoadReport, report
from pipelines.channels.settled import SCHEMAS, current, fits
from pipelines.channels.staging import Staged, stage
from pipelines.channels.unpacking import Limits, unpack
from pipelines.contracts.config import Config
from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.storage import is_disk_full
from pipelines.contracts.tombstones import read_tombstones

Progress = Callable[[str, int, int], None]

_THREADS = 2  # one file's Python beside another's Polars
# loads that are published by one sync: fsync costs 4 ms a file, sync 4 to 200 ms for all
_WINDOW_FILES, _WINDOW_BYTES = 512, 1 << 27
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_PACKED_TIMES = 8  # what a packed file may hold of text, for the size of a window
# text that is read by one plan, in memory; a larger file has a plan of its own, and is streamed
_BATCH_BYTES = 1 << 25


def load_deliveries(home: Home, config: Config, progress: Progress | None = None) -> LoadReport:
    """Bring the lake up to date with the inbox. Running it again changes nothing; a killed call is made good by the next.

    Raises CdpError when the inbox cannot be read, the lake cannot be written or a contract is wrong.
    """
    formats = read_formats([SHIPPED, *config.channels.formats_folders], config.business_time_zone)
    with _disk_errors(home):
        return _Loading(home, config, formats, progress or _silent).run()


def reload_archived(home: Home, config: Config, load_ids: Collection[str], progress: Progress | None = None) -> LoadReport:
    """Read loads again from their copies in the lake, whether or not their files are still in the inbox, and put each in place of itself.

    A load whose file would be refused now stays as it is, and the report says why. Raises CdpError as `load_deliveries` does.
    """
    formats = read_formats([SHIPPED, *config.channels.formats_folders], config.business_time_zone)
    with _disk_errors(home):
        return _Loading(home, config, formats, progress or _silent).run_again(load_ids)


def _silent(_: str, __: int, ___: int) -> None:
    return


@contextmanager
def _disk_errors(home: Home) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        where = str(error.filename or home.lake)
        if is_disk_full(error):
            raise CdpError("the disk is full; loads that were complete are kept", where=where, do="free space and run again") from error
        if isinstance(error, PermissionError) or error.errno == errno.EROFS:
            raise CdpError("may not be written", where=where, do="check permissions of the folder") from error
        raise CdpError(f"cannot be used: {error.strerror or error}", where=where, do="check the disk and run again") from error


@dataclass(slots=True)
class _Task:
    file: Delivered
    packing: Packing
    archived: Archived
    refusal: UnreadableError | None = None  # found before it was opened
    is_archived: bool = False  # read from the copy in the lake; `file` tells only its name, size and age


class _Loading:
    """One call of load_deliveries."""

    def __init__(self, home: Home, config: Config, formats: Sequence[Format], progress: Progress) -> None:
        self._home, self._config, self._formats, self._progress = home, config, formats, progress
        self._current = current(formats, config.channels)
        self._stop = Stop(read_tombstones(home), config)
        finish_replacements(home)
        self._loads = read_manifests(home)
        self._new: list[str] = []
        self._unread: list[FileProblem] = []

    def run(self) -> LoadReport:
        self._recover()
        files = find(self._home)
        seen = read_seen(self._home)
        contents = {file.name: seen[file.name][1] for file in files if file.name in seen and seen[file.name][0] == file.stamp}
        again = {load.load_id: load for load in self._loads.values() if load.outcome == LOADED and not self._current.is_settled(load)}
        kept = {load_id for load_id, load in again.items() if self._copy_of(load).exists()}
        tasks = self._hash([file for file in files if not self._are_settled(contents.get(file.name), kept)])
        contents |= {name: {task.file.name: task.archived.sha256 for task in found} for name, found in tasks.items()}
        unknown = self._unknown([task for found in tasks.values() for task in found])
        delivered = {task.archived.load_id for task in unknown}
        self._read([*unknown, *(self._again(load) for load_id, load in sorted(again.items()) if load_id not in delivered)])
        self._remember(files, contents)
        write_loads_table(self._home, self._loads)
        write_seen(self._home, files, contents)
        self._drop_copies()
        shutil.rmtree(staging_folder(self._home), ignore_errors=True)
        return report(len(files), self._loads, self._new, self._unread)

    def run_again(self, load_ids: Collection[str]) -> LoadReport:
        """Only these loads, from their copies."""
        self._recover()
        self._read([self._again(self._loads[load_id]) for load_id in sorted(load_ids)])
        write_loads_table(self._home, self._loads)
        self._drop_copies()
        shutil.rmtree(staging_folder(self._home), ignore_errors=True)
        return report(0, self._loads, self._new, self._unread)

    def _recover(self) -> None:
        recover(self._home, self._loads)
        self._drop_copies()

    def _drop_copies(self) -> None:
        """Copies that nobody needs may hold somebody who was forgotten."""
        if self._stop.tombstones:
            drop_unknown_copies(self._home, self._loads)

    def _copy_of(self, load: Load) -> Path:
        return self._home.lake / "files" / load.archive_path

    def _again(self, load: Load) -> _Task:
        """A load to be read once more. Where nothing else dates the export, it is as old as it was."""
        path = self._copy_of(load)
        if load.exported_at is not None:
            made_ns = (load.exported_at - _EPOCH) // timedelta(microseconds=1) * 1000
        else:
            made_ns = path.stat().st_mtime_ns if path.exists() else 0
        archived = Archived(load.sha256, load.byte_count, path, load.redacted or Redacted())
        return _Task(Delivered(path, load.file_path, load.byte_count, made_ns), kept_packing(path), archived, is_archived=True)

    def _are_settled(self, contents: Mapping[str, str] | None, kept: Collection[str]) -> bool:
        """True for a file that needs no hashing: what it holds is settled, or will be read from the copy."""
        return bool(contents and all(sha[:LOAD_ID_DIGITS] in kept or self._is_settled(sha) for sha in contents.values()))

    def _is_settled(self, sha256: str) -> bool:
        load = self._loads.get(sha256[:LOAD_ID_DIGITS])
        return load is not None and self._current.is_settled(load)

    def _hash(self, files: Sequence[Delivered]) -> dict[str, list[_Task]]:
        """What is to be read of each delivered file: itself, or the members of an archive."""
        tasks = {}
        with ThreadPoolExecutor(_THREADS) as pool:
            for number, found in enumerate(pool.map(self._archive, files, range(len(files)))):
                self._progress("hash", number + 1, len(files))
                if found:
                    tasks[files[number].name] = found
        return tasks

    def _archive(self, file: Delivered, number: int) -> list[_Task]:
        beside = staging_folder(self._home) / f"file-{number}"
        if file.refusal is not None:
            self._set_aside(file, UnreadableError(file.refusal, "deliver the file itself", is_passing=True))
            return []
        try:
            packing = packing_of(file.path)
            found = self._members(file, packing, beside) if packing in ARCHIVES else [self._kept(file, packing, beside)]
            if not is_unchanged(file):
                raise UnreadableError("was written to while it was read", "leave it, the next run reads it again", is_passing=True)
        except (PermissionError, FileNotFoundError) as error:
            if error.filename != str(file.path):
                raise
            self._set_aside(file, UnreadableError(f"cannot be opened ({error.strerror})", "check its permissions", is_passing=True))
            return []
        except UnreadableError as error:
            self._set_aside(file, error)
            return []
        return found

    def _kept(self, file: Delivered, packing: Packing, beside: Path, refusal: UnreadableError | None = None) -> _Task:
        return _Task(file, packing, archive(file.path, packing, self._home.lake / "files", beside), refusal)

    def _members(self, file: Delivered, packing: Packing, beside: Path) -> list[_Task]:
        """The members of an archive, each a file like any other; the archive itself when it cannot be taken apart."""
        limits = Limits(self._config.channels.max_unpacked_bytes, self._config.channels.max_unpacked_files)
        try:
            members = unpack(file, packing, beside, limits)
        except UnreadableError as error:
            if error.is_passing:
                raise
            return [self._kept(file, packing, beside, error)]
        nested = UnreadableError("is an archive inside another", "deliver it by itself")
        packings = [packing_of(member.path) for member in members]
        return [
            self._kept(member, packing, beside, nested if packing in ARCHIVES else None)
            for member, packing in zip(members, packings, strict=True)
        ]

    def _set_aside(self, file: Delivered, error: UnreadableError) -> None:
        self._unread.append(FileProblem(file.name, error.kind, str(error)))

    def _unknown(self, tasks: Sequence[_Task]) -> list[_Task]:
        """Contents to be read, each once, under the first name that it came with."""
        chosen: dict[str, _Task] = {}
        for task in tasks:
            if not self._is_settled(task.archived.sha256):
                chosen.setdefault(task.archived.sha256, task)
        return list(chosen.values())

    def _read(self, tasks: Sequence[_Task]) -> None:
        """Take apart one window of files while the one before is planned and run: Python beside Polars."""
        windows = list(_windows(tasks))
        before = 0
        with ThreadPoolExecutor(1) as opener, ThreadPoolExecutor(_THREADS) as pool:
            opening = [opener.submit(self._open_all, windows[0])] if windows else []
            for number in range(len(windows)):
                opened = opening.pop().result()
                if number + 1 < len(windows):
                    opening.append(opener.submit(self._open_all, windows[number + 1]))
                staged = [item for item in opened if isinstance(item, Staged)]
                ready = list(batches([item for item in opened if isinstance(item, Opened)], _BATCH_BYTES))
                for outcomes in pool.map(self._stage, ready):
                    staged += outcomes
                    self._progress("load", before + len(staged), len(tasks))
                self._publish(staged)
                before += len(windows[number])
                self._progress("load", before, len(tasks))

    def _open_all(self, window: Sequence[_Task]) -> list[Opened | Staged]:
        return [opened for task in window if (opened := self._open(task)) is not None]

    def _open(self, task: _Task) -> Opened | Staged | None:
        staging = staging_folder(self._home) / task.archived.load_id
        if task.refusal is not None:
            return self._outcome(task.file, task.archived, task.refusal)
        try:
            file = task.file
            if task.is_archived:
                file = delivered_again(file.name, file.modified_ns, task.archived, staging.with_name(f"{staging.name}.copy"))
            return open_file(file, task.packing, task.archived, self._formats_for(task), self._config, staging)
        except FileNotFoundError as error:
            if error.filename != str(task.file.path):
                raise
            return self._outcome(task.file, task.archived, UnreadableError("went away", "deliver it again", is_passing=True))
        except UnreadableError as error:
            return self._outcome(task.file, task.archived, error)

    def _formats_for(self, task: _Task) -> Sequence[Format]:
        """The contracts that may fit; a copy of a JSON document out of which people were cut has a record a line, as other exports have."""
        known = self._loads.get(task.archived.load_id)
        if known is None or not task.archived.redacted.rows:
            return self._formats
        containers = {item.spec.container for item in self._formats if item.name == known.format_name}
        return [item for item in self._formats if item.spec.container in containers] if containers else self._formats

    def _stage(self, batch: list[Opened]) -> list[Staged]:
        outcomes = stage(batch, self._config.business_time_zone, self._stop, in_memory=batch[0].text_bytes <= _BATCH_BYTES)
        judged = zip(batch, map(self._judged, outcomes), strict=True)
        found = (self._outcome(opened.file, opened.archived, outcome) for opened, outcome in judged)
        return [outcome for outcome in found if outcome is not None]

    def _judged(self, outcome: Staged | UnreadableError) -> Staged | UnreadableError:
        """Totals that differ refuse the file, or only warn."""
        if isinstance(outcome, Staged) and outcome.load.warning is not None and self._config.channels.totals_differ == "refuse":
            do = "ask for the export again, or set channels.totals_differ to warn"
            return UnreadableError(outcome.load.warning, do, kind="totals_differ")
        return outcome

    def _outcome(self, file: Delivered, archived: Archived, outcome: Staged | UnreadableError) -> Staged | None:
        """What is to be published of a file: its rows, or that it was refused; nothing when it may be read by the next run."""
        if isinstance(outcome, Staged):
            return outcome
        known = self._loads.get(archived.load_id)
        if outcome.is_passing or (known is not None and known.outcome == LOADED and fits(known)):
            # a contract that was mended badly takes nothing away: what was loaded before stays until the file can be read again
            self._set_aside(file, outcome)
            return None
        return Staged(self._refused(file, archived, outcome), ())

    def _refused(self, file: Delivered, archived: Archived, error: UnreadableError) -> Load:
        known = self._loads.get(archived.load_id)
        return Load(
            load_id=archived.load_id,
            file_path=known.file_path if known else file.name,
            sha256=archived.sha256,
            byte_count=archived.byte_count,
            outcome=REFUSED,
            reason=str(error),
            paths=known.paths if known else (file.name,),
            delivery_count=known.delivery_count if known else 1,
            archive_path=archived.path.name,
            contracts_hash=self._current.contracts_hash,
            problem=error.kind,
            is_copy_dropped=bool(self._stop.tombstones) and names_somebody(archived.path, self._stop.tombstones),
        )

    def _publish(self, batch: Sequence[Staged]) -> None:
        """Parts reach the disk before any manifest says that they are there."""
        if not batch:
            return
        new: list[tuple[Load, tuple[tuple[str, Path], ...]]] = []
        # a content that was read before is exchanged, so that a killed run leaves one reading or the other
        again: list[tuple[Load, tuple[tuple[str, Path], ...]]] = []
        for staged in batch:
            load = self._published(staged)
            known = self._loads.get(load.load_id)
            if known is None:
                new.append((load, staged.parts))
            else:
                books = tuple(kept_books(self._home, known, staged.kept_rows, staging_folder(self._home)))
                tables = {**(load.tables or {}), **{table: SCHEMAS[table] for table, _ in books}}
                again.append((replace(load, tables=tables), (*staged.parts, *books)))
        for load, parts in new:
            numbers: Counter[str] = Counter()
            for table, part in parts:
                folder = self._home.table(table) / f"load={load.load_id}"
                folder.mkdir(parents=True, exist_ok=True)
                part.replace(folder / f"part-{numbers[table]}.parquet")
                numbers[table] += 1
        os.sync()
        for load, _ in new:
            write_manifest(self._home, load)
        replace_loads(self._home, again)
        for load, _ in (*new, *again):
            self._loads[load.load_id] = load
            self._new.append(load.load_id)
            for leftover in (load.load_id, *(f"{load.load_id}.{kind}" for kind in ("whole", "sheet", "copy"))):
                (staging_folder(self._home) / leftover).unlink(missing_ok=True)

    def _published(self, staged: Staged) -> Load:
        """The load as it is kept: with its header set, and with the deliveries that are known of its content."""
        load, known = staged.load, self._loads.get(staged.load.load_id)
        if staged.to_redact is not None:
            beside = staging_folder(self._home) / f"{load.load_id}.redacted"
            name, redacted = redacted_copy(staged.to_redact, staged.erased_rows, self._home.lake / "files", beside)
            load = replace(load, archive_path=name, redacted=redacted)
        if load.format_name is not None:
            is_open = any(item.spec.is_json for item in self._formats if item.name == load.format_name)
            load = replace(load, header_hash=keep_headers(self._home, staged.headers, is_open=is_open))
        return load if known is None else replace(load, paths=known.paths, delivery_count=known.delivery_count, file_path=known.file_path)

    def _remember(self, files: Sequence[Delivered], contents: Mapping[str, Mapping[str, str]]) -> None:
        """Count deliveries: a content that came again under another name."""
        again = set()
        for name, sha256 in (item for file in files for item in contents.get(file.name, {}).items()):
            load = self._loads.get(sha256[:LOAD_ID_DIGITS])
            if load is not None and name not in load.paths:
                self._loads[load.load_id] = load.delivered_as(name)
                again.add(load.load_id)
        for load_id in sorted(again):
            write_manifest(self._home, self._loads[load_id])
        if again:
            os.sync()


def _windows(tasks: Sequence[_Task]) -> Iterator[list[_Task]]:
    window: list[_Task] = []
    size = 0
    for task in tasks:
        text = task.file.size * (1 if task.packing is Packing.PLAIN else _PACKED_TIMES)
        if window and (len(window) == _WINDOW_FILES or size + text > _WINDOW_BYTES):
            yield window
            window, size = [], 0
        window.append(task)
        size += text
    if window:
        yield window
