"""Rates by how long ago somebody bought: the rule that a model has to beat, and what is used where none does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.value.propensity.features import Numbers, Values, Whole

_PRIOR_CUSTOMERS = 10  # a band of few customers is drawn towards the rate of all as if it had so many more


@dataclass(frozen=True, slots=True)
class Rates:
    """`rates[i]` is for a recency up to `up_to_days[i]`, the last one for all longer ones."""

    up_to_days: tuple[int, ...]
    rates: tuple[float, ...]

    def apply(self, recency_days: Values) -> Numbers:
        return np.asarray(self.rates, dtype=np.float64)[self.band(recency_days)]

    def band(self, recency_days: Values) -> Whole:
        return np.searchsorted(np.asarray(self.up_to_days, dtype=np.float64), recency_days, side="left").astype(np.int64)

    def words(self, band: int) -> str:
        """The band as people say it."""
        if not self.up_to_days:
            return "all"
        if band == len(self.up_to_days):
            return f"more than {self.up_to_days[-1]} days ago"
        first = self.up_to_days[band - 1] + 1 if band else 0
        return f"{first} to {self.up_to_days[band]} days ago"


def rates_of(recency_days: Values, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]], up_to_days: Sequence[int]) -> Rates:
    """Share of customers with the outcome in each band; a band without customers has nearly the rate of all. Never exactly 0 or 1."""
    bounds = tuple(up_to_days)
    band = np.searchsorted(np.asarray(bounds, dtype=np.float64), recency_days, side="left")
    sizes = np.bincount(band, minlength=len(bounds) + 1)
    happened = np.bincount(band, weights=outcomes.astype(np.float64), minlength=len(bounds) + 1)
    of_all = (float(outcomes.sum()) + 1) / (len(outcomes) + 2)
    shrunk = (happened + _PRIOR_CUSTOMERS * of_all) / (sizes + _PRIOR_CUSTOMERS)
    return Rates(bounds, tuple(float(rate) for rate in shrunk))
