"""Logistic regression with a ridge, by Newton's method: the plain candidate, and the one whose drivers can be read off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from pipelines.value.propensity.calibration import sigmoid
from pipelines.value.propensity.features import Numbers, Values

_RIDGE = 1.0  # on standardized columns: a prior of one unit of log-odds, which keeps separable data finite
_STEPS = 50
_HALVES = 20
_BLOCK = 50_000  # rows whose columns are in memory at a time, as doubles
_CLOSE_ENOUGH = 1e-9
_NOTHING = 1e-6


@dataclass(frozen=True, slots=True)
class Logistic:
    """Weights of standardized columns: for each feature its signed logarithm, then for each whether it is null."""

    intercept: float
    weights: Numbers
    means: Numbers
    spreads: Numbers
    lows: Values
    highs: Values

    def log_odds(self, values: Values) -> Numbers:
        return np.asarray(self._columns(values) @ self.weights + self.intercept)

    def contributions(self, values: Values) -> Numbers:
        """What each feature adds to the log-odds of an average customer: a row a customer, a column a feature."""
        parts = self._columns(values) * self.weights
        count = values.shape[1]
        return np.asarray(parts[:, :count] + parts[:, count:])

    def _columns(self, values: Values) -> Numbers:
        # a young shop's customers grow older than any that was learned from: a line must not be drawn beyond what was seen
        return np.asarray((np.clip(_spread_out(values), self.lows, self.highs) - self.means) / self.spreads)


@dataclass(frozen=True, slots=True)
class _Rows:
    """What is learned from: standardized columns and one of ones, made a block of rows at a time."""

    columns: Values
    target: Numbers
    means: Numbers
    spreads: Numbers

    def blocks(self) -> Iterator[tuple[Numbers, Numbers]]:
        for start in range(0, len(self.columns), _BLOCK):
            standardized = (self.columns[start : start + _BLOCK] - self.means) / self.spreads
            yield np.column_stack([standardized, np.ones(len(standardized))]), self.target[start : start + _BLOCK]


def fit_logistic(values: Values, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Logistic:
    """Fit on rows of features (NaN for null). A column that is the same for all has no weight."""
    columns, target = _spread_out(values), outcomes.astype(np.float64)
    means, width = columns.mean(axis=0, dtype=np.float64), columns.shape[1]
    squares = sum((block[:, :-1] ** 2).sum(axis=0) for block, _ in _Rows(columns, target, means, np.ones(width)).blocks())
    spreads = np.sqrt(np.asarray(squares) / len(columns))
    # what is left of the mean of equal numbers is no spread
    rows = _Rows(columns, target, means, np.where(spreads > _NOTHING, spreads, np.inf))
    ridge = np.full(width + 1, _RIDGE)
    ridge[-1] = 0
    share = np.clip(target.mean(), 1e-6, 1 - 1e-6)
    found = np.zeros(width + 1)
    found[-1] = np.log(share / (1 - share))
    loss = _loss(rows, ridge, found)
    for _ in range(_STEPS):
        gradient, curvature = -ridge * found, np.diag(ridge + 1e-9)
        for design, happened in rows.blocks():
            probability = sigmoid(design @ found)
            gradient = gradient + design.T @ (happened - probability)
            curvature = curvature + (design * (probability * (1 - probability))[:, None]).T @ design
        step = np.linalg.solve(curvature, gradient)
        # where outcomes are rare a whole step goes too far
        for _ in range(_HALVES):
            if (reached := _loss(rows, ridge, found + step)) <= loss:
                break
            step = step / 2
        else:
            break
        found = found + step
        gained, loss = loss - reached, reached
        if gained <= _CLOSE_ENOUGH * max(loss, 1.0):
            break
    return Logistic(float(found[-1]), found[:-1], rows.means, rows.spreads, columns.min(axis=0), columns.max(axis=0))


def _loss(rows: _Rows, ridge: Numbers, weights: Numbers) -> float:
    loss = float(np.sum(ridge * weights**2)) / 2
    for design, target in rows.blocks():
        log_odds = design @ weights
        loss += float(np.sum(np.logaddexp(0, log_odds) - target * log_odds))
    return loss


def _spread_out(values: Values) -> Values:
    """Counts and amounts have long tails: logarithms with their sign. Null is 0 with a column of its own."""
    missing = np.isnan(values)
    filled = np.where(missing, np.float32(0), values)
    return np.column_stack([np.sign(filled) * np.log1p(np.abs(filled)), missing]).astype(np.float32)
