"""When an export was made: its name, else a date in the path, else what the contract says, its newest fact, the file's own time.

Versions of a fact are ranked by it, so it must not depend on when the file was read.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipelines.channels.contract import FormatSpec

_DATE_IN_PATH = re.compile(r"(?<!\d)20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])(?!\d)")

# as of business times: what lies outside is a number that looks like a date, and its neighbors would leave the calendar
_FIRST_YEAR, _LAST_YEAR = 1970, 2099


def from_file_time(modified_ns: int) -> datetime:
    """The file's own time, within the same years: a clock that was never set says 1970, a joker 292278994."""
    earliest, latest = datetime(_FIRST_YEAR, 1, 2, tzinfo=UTC), datetime(_LAST_YEAR, 12, 30, tzinfo=UTC)
    seconds = min(max(modified_ns // 1000 / 1e6, earliest.timestamp()), latest.timestamp())
    return datetime.fromtimestamp(seconds, UTC)


def from_path(spec: FormatSpec, path: str, business_zone: str) -> datetime | None:
    """What the contract reads in the name; else a `YYYY-MM-DD` in folder or name; else the contract's fixed instant; else None.

    A day means its last microsecond in business time. Of several dates the last counts: a bill of 2026-03-01_2026-03-07 was made at
    the end of the 7th. What looks like a date and is none (orders_export_12345678) says nothing.
    """
    for rule in spec.exported_at:
        match = re.search(rule.name, path.rsplit("/", 1)[-1]) if rule.name is not None else None
        found = None if match is None else _read(match.group(1), rule.format, spec.time_zone, business_zone)
        if found is not None:
            return found
    for text in reversed(_DATE_IN_PATH.findall(path)):
        found = _read(text, "%Y-%m-%d", spec.time_zone, business_zone)
        if found is not None:
            return found
    fixed = next((rule.at for rule in spec.exported_at if rule.at is not None), None)
    return None if fixed is None else datetime.fromisoformat(fixed).astimezone(UTC)


def _read(text: str, spelling: str, zone: str, business_zone: str) -> datetime | None:
    try:
        moment = datetime.strptime(text, spelling)
    except ValueError:
        return None
    if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
        return None
    if "%H" in spelling:
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
