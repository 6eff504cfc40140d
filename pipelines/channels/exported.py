"""When an export was made: from the contract, else a date in the path, else its newest fact, else the file's own time.

Versions of a fact are ranked by it, so it must not depend on when the file was read.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipelines.channels.containers import UnreadableError
from pipelines.channels.contract import ExportedAt, FormatSpec

_DATE_IN_PATH = re.compile(r"(?<!\d)(20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01]))(?!\d)")


def from_path(spec: FormatSpec, path: str, business_zone: str) -> datetime | None:
    """What the contract's rules, then a `YYYY-MM-DD` in folder or name, say. A day means its last microsecond in business time.

    Of several dates the last counts: a bill of 2026-03-01_2026-03-07 was made at the end of the 7th.
    """
    for rule in spec.exported_at:
        found = _by_rule(rule, path, spec.time_zone, business_zone)
        if found is not None:
            return found
    dates = _DATE_IN_PATH.findall(path)
    return end_of_day(date.fromisoformat(dates[-1]), business_zone) if dates else None


def _by_rule(rule: ExportedAt, path: str, zone: str, business_zone: str) -> datetime | None:
    if rule.at is not None:
        return datetime.fromisoformat(rule.at).astimezone(UTC)
    if rule.name is None:
        return None
    match = re.search(rule.name, path.rsplit("/", 1)[-1])
    if match is None:
        return None
    try:
        moment = datetime.strptime(match.group(1), rule.format)  # noqa: DTZ007 - the zone is the contract's
    except ValueError as error:
        raise UnreadableError(f"has a name whose date {match.group(1)!r} is none", "give it the name that the channel gave it") from error
    if "%H" in rule.format:
        return moment.replace(tzinfo=ZoneInfo(zone)).astimezone(UTC)
    return end_of_day(moment.date(), business_zone)


def end_of_day(day: date, zone: str) -> datetime:
    """The last microsecond of a business day, in UTC."""
    following = datetime.combine(day + timedelta(days=1), time(), ZoneInfo(zone)).astimezone(UTC)
    return following - timedelta(microseconds=1)


def snapshot_at(exported_at: datetime, grace_hours: int, zone: str) -> datetime:
    """When what the export says of a person holds: at the export, or at the end of the day before for one made within the grace.

    A run for a day sees exports made until the grace is over, and facts until midnight: without this it would see the file and not
    what it says.
    """
    local = exported_at.astimezone(ZoneInfo(zone))
    return end_of_day(local.date() - timedelta(days=1), zone) if local.hour < grace_hours else exported_at
