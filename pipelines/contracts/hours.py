"""Hours: what is decided between two nights. An hour is named by its instant, in the time zone of the business. Knows no file.

An hour follows a night, whose customers and columns it rests on, and is followed by the next: what is decided comes in the order night,
its hours by their instants, next night.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

_NAME = re.compile(r"\d{4}-\d\d-\d\dT\d{4}b?")
_FORM = "%Y-%m-%dT%H%M"


@dataclass(frozen=True, slots=True)
class Hour:
    """`at`: first instant that the hour does not see, to the minute. `night`: `as_of` of the night that it follows."""

    at: datetime
    night: date


def hour_name(at: datetime, zone: str) -> str:
    """`2026-11-01T1400`; the second of two equal clock times, when clocks are put back, ends with b."""
    local = at.astimezone(ZoneInfo(zone))
    return local.strftime(_FORM) + "b" * local.fold


def is_hour(name: str) -> bool:
    """Is this the name of an hour, and not that of a day?"""
    return _NAME.fullmatch(name) is not None


def hour_at(name: str, zone: str) -> datetime:
    """The instant of an hour, in UTC, by its name."""
    local = datetime.strptime(name.removesuffix("b"), _FORM).replace(tzinfo=ZoneInfo(zone), fold=name.count("b"))
    return local.astimezone(UTC)
