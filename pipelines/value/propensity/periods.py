"""On which days a model is trained, calibrated and tested: each looks only at outcomes that were known when the next one begins."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta


@dataclass(frozen=True, slots=True)
class Periods:
    """Cut-off days of one fit, the newest training day first. Outcomes of a cut-off are those of the `horizon_days` days after it."""

    horizon_days: int
    applied_on: date
    calibrated_on: date
    trained_on: tuple[date, ...]

    @property
    def cutoffs(self) -> tuple[date, ...]:
        """Days whose outcomes the fit reads."""
        return (self.calibrated_on, *self.trained_on)


def periods_of(applied_on: date, horizon_days: int, first_on: date, training_cutoffs: int) -> Periods:
    """The fit that gives probabilities on `applied_on`: calibrated a horizon before it, trained on up to `training_cutoffs` earlier days.

    Cut-offs are a horizon apart, so that every outcome of one is over before the next. Training days with less than a horizon of history
    since `first_on`, the first purchase day of the shop, are left out; there may be none.
    """
    horizon = timedelta(days=horizon_days)
    earliest = first_on + horizon
    trained = tuple(day for count in range(2, training_cutoffs + 2) if (day := applied_on - count * horizon) >= earliest)
    return Periods(horizon_days, applied_on, applied_on - horizon, trained)
