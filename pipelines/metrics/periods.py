"""Periods that figures are given for: a grain and a first day. Knows the calendar, not the data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, get_args

Grain = Literal["day", "week", "month", "quarter"]
GRAINS: tuple[Grain, ...] = get_args(Grain)


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """One period. `start` is its first day; weeks begin on Monday."""

    grain: Grain
    start: date

    @classmethod
    def around(cls, grain: Grain, day: date) -> Period:
        """The period of this grain that `day` is in."""
        starts = {
            "day": day,
            "week": day - timedelta(days=day.weekday()),
            "month": day.replace(day=1),
            "quarter": day.replace(month=day.month - (day.month - 1) % 3, day=1),
        }
        return cls(grain, starts[grain])

    @property
    def end(self) -> date:
        """Its last day."""
        if self.grain in ("day", "week"):
            return self.start + timedelta(days=0 if self.grain == "day" else 6)
        months = self.start.month - 1 + (1 if self.grain == "month" else 3)
        return date(self.start.year + months // 12, months % 12 + 1, 1) - timedelta(days=1)

    @property
    def name(self) -> str:
        """`2026-10`, `2026-Q4`, `week of 2026-10-05`, `2026-10-01`."""
        if self.grain == "month":
            return f"{self.start:%Y-%m}"
        if self.grain == "quarter":
            return f"{self.start.year}-Q{(self.start.month + 2) // 3}"
        return f"week of {self.start}" if self.grain == "week" else str(self.start)


def period_end_sql(grain: str, start: str) -> str:
    """SQL: the last day of the period whose grain and first day are these expressions."""
    return (
        f"cast(case {grain} when 'day' then {start} when 'week' then {start} + 6"
        f" when 'month' then {start} + interval 1 month - interval 1 day else {start} + interval 3 month - interval 1 day end as date)"
    )
