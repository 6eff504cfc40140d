"""What the stage knows between runs: days covered, files with problems, files that no run has read. Changes nothing."""

from __future__ import annotations

from datetime import date

from pipelines.channels.deliveries import find, holder, read_seen
from pipelines.channels.loads import LOADED, read_manifests
from pipelines.channels.report import FileProblem
from pipelines.contracts.home import Home


def covered_days(home: Home) -> tuple[date, date] | None:
    """First and last business date of the facts in all loaded files; None when no file holds a dated fact."""
    loads = [load for load in read_manifests(home).values() if load.outcome == LOADED]
    days = [day for load in loads for day in (load.covers_from_on, load.covers_to_on) if day is not None]
    return (min(days), max(days)) if days else None


def delivery_problems(home: Home) -> list[FileProblem]:
    """Refused files, what is no file, and files with quarantined rows that still lie in the inbox, by path."""
    found = find(home)
    present = {file.name for file in found}
    problems = [FileProblem(file.name, "unreadable", f"the file {file.refusal}") for file in found if file.refusal is not None]
    for load in read_manifests(home).values():
        path = next((path for path in load.paths if holder(path, present)), None)
        if path is None:
            continue
        if load.problem is not None:
            problems.append(FileProblem(path, load.problem, load.reason or "", load.line_count))
        elif load.totals == "differ":
            problems.append(FileProblem(path, "totals_differ", load.warning or ""))
        elif load.quarantined_count:
            reason = f"{load.quarantined_count} rows in quarantine"
            problems.append(FileProblem(path, "quarantined_rows", reason, load.quarantined_count))
    return sorted(problems, key=lambda problem: problem.path)


def waiting_files(home: Home) -> list[str]:
    """Files of the inbox that are new or changed since the last load; empty without an inbox. What no run would open does not wait."""
    if not home.deliveries.is_dir():
        return []
    seen = read_seen(home)
    readable = (file for file in find(home) if file.refusal is None)
    return [file.name for file in readable if file.name not in seen or seen[file.name][0] != file.stamp]
