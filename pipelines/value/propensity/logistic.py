"""Logistic regression with a ridge, by Newton's method: the plain candidate, and the one whose drivers can be read off."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.value.propensity.calibration import sigmoid
from pipelines.value.propensity.features import Numbers

_RIDGE = 1.0  # on standardized columns: a prior of one unit of log-odds, which keeps separable data finite
_STEPS = 50
_HALVES = 20
_CLOSE_ENOUGH = 1e-9


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights of standardized columns: for each feature its signed logarithm, then for each whether it is null."""

    intercept: float
    weights: Numbers
    means: Numbers
    spreads: Numbers
    lows: Numbers
    highs: Numbers

    def log_odds(self, values: Numbers) -> Numbers:
        return np.asarray(self._columns(values) @ self.weights + self.intercept)

    def contributions(self, values: Numbers) -> Numbers:
        """What each feature adds to the log-odds of an average customer: a row a customer, a column a feature."""
        parts = self._columns(values) * self.weights
        count = values.shape[1]
        return np.asarray(parts[:, :count] + parts[:, count:])

    def _columns(self, values: Numbers) -> Numbers:
        # a young shop's customers grow older than any that was learned from: a line must not be drawn beyond what was seen
        return np.asarray((np.clip(_spread_out(values), self.lows, self.highs) - self.means) / self.spreads)


def fit_logistic(values: Numbers, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Logistic:
    """Fit on rows of features (NaN for null). A column that is the same for all has no weight."""
    columns = _spread_out(values)
    means, spreads = columns.mean(axis=0), columns.std(axis=0)
    spreads = np.where(spreads > 1e-12, spreads, np.inf)
    design = np.column_stack([(columns - means) / spreads, np.ones(len(columns))])
    ridge = np.full(design.shape[1], _RIDGE)
    ridge[-1] = 0
    target = outcomes.astype(np.float64)
    share = np.clip(target.mean(), 1e-6, 1 - 1e-6)
    found = np.zeros(design.shape[1])
    found[-1] = np.log(share / (1 - share))
    loss = _loss(design, target, ridge, found)
    for _ in range(_STEPS):
        probability = sigmoid(design @ found)
        gradient = design.T @ (target - probability) - ridge * found
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design + np.diag(ridge + 1e-9)
        step = np.linalg.solve(curvature, gradient)
        # where outcomes are rare a whole step goes too far
        for _ in range(_HALVES):
            if (reached := _loss(design, target, ridge, found + step)) <= loss:
                break
            step = step / 2
        else:
            break
        found = found + step
        gained, loss = loss - reached, reached
        if gained <= _CLOSE_ENOUGH * max(loss, 1.0):
            break
    return Logistic(float(found[-1]), found[:-1], means, spreads, columns.min(axis=0), columns.max(axis=0))


def _loss(design: Numbers, target: Numbers, ridge: Numbers, weights: Numbers) -> float:
    log_odds = design @ weights
    return float(np.sum(np.logaddexp(0, log_odds) - target * log_odds) + np.sum(ridge * weights**2) / 2)


def _spread_out(values: Numbers) -> Numbers:
    """Counts and amounts have long tails: logarithms with their sign. Null is 0 with a column of its own."""
    missing = np.isnan(values)
    filled = np.where(missing, 0.0, values)
    return np.column_stack([np.sign(filled) * np.log1p(np.abs(filled)), missing])
