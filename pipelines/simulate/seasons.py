"""When people shop: months, weekdays, promotions and hours. Turns operational time into business time and back."""

from __future__ import annotations

from datetime import timedelta

import numpy as np

from pipelines.simulate.draws import Floats, Ints
from pipelines.simulate.spec import DAY_SECONDS, SimulationSpec

_MONTHS = [0.95, 0.82, 1.00, 0.97, 1.03, 1.12, 0.92, 0.95, 1.04, 1.08, 1.35, 1.15]
_WEEKDAYS = [0.92, 0.90, 0.92, 0.96, 1.08, 1.18, 1.10]
# Month and day -> factor. Women's day, 618, Double 11, Double 12.
_PROMOTIONS = {
    (3, 8): 1.4,
    (6, 16): 1.6,
    (6, 17): 1.8,
    (6, 18): 2.6,
    (11, 1): 1.8,
    (11, 2): 1.5,
    (11, 10): 1.8,
    (11, 11): 3.4,
    (12, 12): 1.7,
}
_HOURS = [2, 1, 0.5, 0.3, 0.3, 0.6, 1.5, 3, 4.5, 6, 7, 7, 7, 6, 5.5, 5.5, 6, 6.5, 7, 8, 9, 9, 7, 3.5]
# Files are exported at 23:55 and must hold the whole day, so nothing happens in its last minutes.
LAST_SECOND = 23 * 3600 + 54 * 60
_QUIET_FROM = 23 * 3600 + 50 * 60


class Seasons:
    """The retailer's clock. Operational time runs from 0 to `days`; a busy day holds more of it than a quiet one."""

    def __init__(self, spec: SimulationSpec) -> None:
        factors = np.array([self._factor(spec, number) for number in range(spec.days)])
        self.factors: Floats = factors * (spec.days / factors.sum())
        self._edges: Floats = np.concatenate([[0.0], np.cumsum(self.factors)])
        self._hours: Floats = np.concatenate([[0.0], np.cumsum(_HOURS) / np.sum(_HOURS)])
        self.length = float(spec.days)

    @staticmethod
    def _factor(spec: SimulationSpec, number: int) -> float:
        day = spec.first_day + timedelta(days=number)
        return _MONTHS[day.month - 1] * _WEEKDAYS[day.weekday()] * _PROMOTIONS.get((day.month, day.day), 1.0)

    def operational(self, day: Floats) -> Floats:
        """Operational time of a (fractional) business day."""
        return np.asarray(np.interp(day, np.arange(len(self._edges)), self._edges))

    def business_day(self, operational: Floats) -> Ints:
        """The business day that holds an operational time."""
        found = np.searchsorted(self._edges, operational, side="right") - 1
        return np.clip(found, 0, len(self.factors) - 1).astype(np.int64)

    def second_of_day(self, u: Floats) -> Ints:
        """A time of day for a uniform draw, by the shop's busy hours, before the export."""
        seconds = np.interp(u, self._hours, np.arange(25) * 3600.0)
        return quiet_end(seconds.astype(np.int64))


def quiet_end(seconds: Ints) -> Ints:
    """Squeeze what falls after 23:50 into the minutes before the export, keeping the order of events."""
    in_day = seconds % DAY_SECONDS
    late = in_day - _QUIET_FROM
    squeezed = np.where(late > 0, _QUIET_FROM + late * (LAST_SECOND - _QUIET_FROM) // 600, in_day)
    return np.asarray(seconds - in_day + squeezed, dtype=np.int64)
