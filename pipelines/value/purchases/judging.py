"""How good a prediction was: errors, deciles, and rows for VALUE_BACKTESTS. Knows no model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import numpy as np
import polars as pl

from pipelines.value.findings import no_backtests
from pipelines.value.purchases.likelihood import Floats

_DECILES = 10


@dataclass(frozen=True, slots=True)
class Judged:
    """Whose prediction is judged, and when it was made."""

    target: str
    model_name: str
    is_baseline: bool
    cutoff_on: date
    horizon_days: int

    def rows(self, metric: str, buckets: Mapping[str, tuple[float | None, float | None, int]]) -> pl.DataFrame:
        """Rows of VALUE_BACKTESTS: by bucket what was expected, what came, and of how many customers."""
        rows = [
            {
                "target": self.target,
                "model_name": self.model_name,
                "is_baseline": self.is_baseline,
                "cutoff_on": self.cutoff_on,
                "horizon_days": self.horizon_days,
                "metric": metric,
                "bucket": bucket,
                "expected": _number(expected),
                "actual": _number(actual),
                "customer_count": customers,
            }
            for bucket, (expected, actual, customers) in buckets.items()
        ]
        return pl.DataFrame(rows, schema=no_backtests().schema)

    def figure(self, metric: str, value: float | None, customers: int) -> pl.DataFrame:
        """One figure over everybody."""
        return self.rows(metric, {"all": (value, None, customers)})


def _number(value: float | None) -> float | None:
    """Cut to certain digits; None for what is no number."""
    return float(f"{value:.10g}") if value is not None and np.isfinite(value) else None


def rmse(expected: Floats, actual: Floats) -> float:
    """Root of the mean squared error: least for who expects the mean."""
    return float(np.sqrt(np.mean((expected - actual) ** 2))) if len(actual) else float("nan")


def deviance(expected: Floats, actual: Floats) -> float:
    """Mean Poisson deviance: least for who expects the mean, and unlike a squared error not decided by the few who buy most.

    Infinite where something came of which nothing was expected. What is less than nothing, after refunds, counts as nothing.
    """
    if not len(actual):
        return float("nan")
    came, said = np.maximum(actual, 0.0), np.maximum(expected, 0.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        gained = np.where(came > 0, came * np.log(came / said), 0.0)
    return float(2 * np.mean(gained - (came - said)))


def deciles(by: Floats) -> np.ndarray:
    """Tenth of each value, 0 to 9, by how many are smaller: equal values are in one tenth, and a tenth may be empty."""
    _, place, counts = np.unique(by, return_inverse=True, return_counts=True)
    smaller = np.cumsum(counts) - counts
    tenths: np.ndarray = (smaller * _DECILES // max(len(by), 1))[place]
    return tenths


def by_decile(expected: Floats, actual: Floats) -> dict[str, tuple[float | None, float | None, int]]:
    """Means of what was expected and what came, by tenth of what was expected; the last tenth expects most."""
    tenths = deciles(expected)
    return {
        f"{tenth + 1:02d}": (float(expected[here].mean()), float(actual[here].mean()), int(here.sum()))
        for tenth in range(_DECILES)
        if (here := tenths == tenth).any()
    }


def log_loss(probability: Floats, happened: Floats) -> float:
    """Mean of minus the logarithm of the probability of what happened; nothing is taken for impossible."""
    sure = np.clip(probability, 1e-9, 1 - 1e-9)
    return float(-np.mean(happened * np.log(sure) + (1 - happened) * np.log1p(-sure)))


def auc(probability: Floats, happened: Floats) -> float:
    """Chance that of two customers, one to whom it happened, that one had the larger probability; ties count half."""
    hits = int(happened.sum())
    if hits in (0, len(happened)):
        return float("nan")
    _, place, counts = np.unique(probability, return_inverse=True, return_counts=True)
    middle = (np.cumsum(counts) - counts + (counts + 1) / 2)[place]
    return float((middle[happened > 0].sum() - hits * (hits + 1) / 2) / (hits * (len(happened) - hits)))
