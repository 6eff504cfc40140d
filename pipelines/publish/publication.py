"""Publish one run: lists, report and database are built beside what is published, checked, and put in its place by a rename each.

A crash before the first rename changes nothing. A crash between two leaves new lists beside the old database; running the day
again puts that right, because all are rebuilt from the same inputs and the run has no record until all are in place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.errors import CdpError
from pipelines.contracts.home import Home
from pipelines.contracts.run import Run
from pipelines.contracts.segments import DefinitionError, Definitions, Waterfall
from pipelines.contracts.storage import recover_folder, replacing, replacing_folder
from pipelines.publish.analytics import build_analytics
from pipelines.publish.destinations import check_destinations
from pipelines.publish.files import PRIVATE_FOLDER, sha256_of
from pipelines.publish.lists import write_lists

_ADVICE = "make room or mend the permissions, and run the day again; what was published before is unchanged"


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What was published, where, and the SHA-256 of each file. Paths are relative to the home."""

    as_of: date
    run_id: str
    analytics: str
    is_newest: bool  # false: a newer day is published, so the database of this one went to `published/history/`
    files: Mapping[str, str]
    waterfalls: Mapping[str, Waterfall]
    notices: tuple[str, ...] = ()  # what somebody should know of the files for destinations
    left_out: tuple[DefinitionError, ...] = ()  # why there is no list of a segment

    def as_record(self) -> dict[str, Any]:
        """For `runs/<run_id>.json`; `verify_publication` reads `files` from there."""
        return {
            "analytics": self.analytics,
            "is_newest": self.is_newest,
            "files": dict(self.files),
            "segments": {name: asdict(waterfall) for name, waterfall in self.waterfalls.items()},
            "notices": list(self.notices),
            "left_out": [
                {"segment": fault.segment_name, "place": fault.place, "fault": fault.what, "advice": fault.do} for fault in self.left_out
            ],
        }


def publish(
    run: Run,
    run_id: str,
    definitions: Definitions,
    code_version: str,
    loads: Sequence[str],
    write_report: Callable[[Path, Path], None],
) -> PublishReport:
    """Publish the lists and the report of the day and the database of the run, all or none.

    `write_report` is given the finished database, so that no page says anything else, and the folder to write into.

    The memberships of the day must have been decided, with these definitions. When a newer day is published already, the database goes to
    `published/history/<as_of>/` and the newest one stays. Raises CdpError when a folder or disk does not allow it, CheckFailedError
    when the database must not be shown.
    """
    home, as_of = run.home, run.as_of
    is_newest = all(day <= as_of for day in _published_days(home))
    analytics = home.analytics if is_newest else home.published / "history" / as_of.isoformat() / home.analytics.name
    check_destinations(run.config.publish, definitions)
    facts = {"run_id": run_id, "code_version": code_version, "loads": sorted(loads)}
    with _errors_for_people(home):
        home.segments(as_of).parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        home.segments(as_of).parent.chmod(PRIVATE_FOLDER)
        recover_folder(home.segments(as_of))
        recover_folder(home.reports(as_of))
        with replacing(analytics) as database:
            build_analytics(run, facts, database)
            with replacing_folder(home.reports(as_of)) as pages, replacing_folder(home.segments(as_of)) as lists:
                write_report(database, pages)
                written = write_lists(run, definitions.segments, lists, facts)
        files = {_name(path, home): sha256_of(path) for path in (*_published_files(home, as_of), analytics)}
    waterfalls = {name: one.waterfall for name, one in written.items()}
    notices = tuple(notice for one in written.values() for notice in one.notices)
    return PublishReport(as_of, run_id, _name(analytics, home), is_newest, files, waterfalls, notices, definitions.faults)


def publish_hour(
    run: Run,
    run_id: str,
    definitions: Definitions,
    code_version: str,
    loads: Sequence[str],
    note: Callable[[PublishReport, Path], None],
) -> PublishReport:
    """Publish the lists of an hour, all or none, in a folder of their own; nothing else of what is published is touched.

    Reads the lake of `run`, which may be a shadow. `note` is given the report, and the folder of the lists, before they are in their
    place: what leaves is written down first. Destinations, which may want other lists besides, have been checked by the caller. Raises
    CdpError when a folder or disk does not allow it.
    """
    home = run.home
    folder = home.segments(run.moment)
    facts = {"run_id": run_id, "code_version": code_version, "loads": sorted(loads)}
    with _errors_for_people(home):
        folder.parent.mkdir(parents=True, exist_ok=True, mode=PRIVATE_FOLDER)
        recover_folder(folder)
        with replacing_folder(folder) as lists:
            written = write_lists(run, definitions.segments, lists, facts)
            paths = sorted(path for path in lists.rglob("*") if path.is_file())
            files = {f"published/segments/{run.moment}/{path.relative_to(lists).as_posix()}": sha256_of(path) for path in paths}
            waterfalls = {name: one.waterfall for name, one in written.items()}
            notices = tuple(notice for one in written.values() for notice in one.notices)
            report = PublishReport(run.as_of, run_id, "", True, files, waterfalls, notices, definitions.faults)
            note(report, lists)
    return report


def is_hour_published(home: Home, name: str) -> bool:
    """Are the lists of the hour in their place? What a killed call has moved aside is put back first."""
    recover_folder(home.segments(name))
    return home.segments(name).is_dir()


def verify_publication(home: Home, record: Mapping[str, Any]) -> list[str]:
    """What differs between the files of a run record (`as_of`, `files`) and what lies there; empty when the publication is intact.

    A list out of which people were erased is intact as `erased_files` say that it is now, null where the file went whole; `files` keep
    what went out.
    """
    erased = {name: told["sha256"] for name, told in record.get("erased_files", {}).items()}
    files: Mapping[str, str | None] = {**record["files"], **erased}
    problems = []
    for name, digest in sorted(files.items()):
        path = home.root / name
        if digest is None:
            problems += [f"{name} was put back"] if path.exists() else []
        elif not path.is_file():
            problems.append(f"{name} is missing")
        elif sha256_of(path) != digest:
            problems.append(f"{name} was changed")
    if "hour" in record:
        paths = [path for path in home.segments(record["hour"]).rglob("*") if path.is_file()]
    else:
        paths = _published_files(home, date.fromisoformat(str(record["as_of"])))
    there = {_name(path, home) for path in paths}
    return problems + [f"{name} was added" for name in sorted(there - set(files))]


def newest_published_day(home: Home) -> date | None:
    """The last day whose lists were published; None before the first."""
    return max(_published_days(home), default=None)


def _published_days(home: Home) -> list[date]:
    """Days whose lists were published. The folders tell, not the database: that may be open in somebody's editor."""
    folders = home.segments(date.min).parent.glob("*")
    return [date.fromisoformat(folder.name) for folder in folders if re.fullmatch(r"\d{4}-\d\d-\d\d", folder.name)]


@contextmanager
def _errors_for_people(home: Home) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise CdpError(f"cannot publish: {error.strerror or error}", where=str(error.filename or home.published), do=_ADVICE) from error
    except (duckdb.Error, pl.exceptions.PolarsError) as error:
        # a full disk is reported by whichever library writes at that moment; other texts may quote a value
        is_io = isinstance(error, duckdb.IOException)
        reason = str(error).splitlines()[0] if is_io else type(error).__name__
        raise CdpError(f"cannot publish: {reason}", where=str(home.published), do=_ADVICE) from error


def _published_files(home: Home, as_of: date) -> list[Path]:
    """Lists and pages of a day."""
    return sorted(path for folder in (home.segments(as_of), home.reports(as_of)) for path in folder.rglob("*") if path.is_file())


def _name(path: Path, home: Home) -> str:
    return path.relative_to(home.root).as_posix()
