"""Probabilities that mean what they say: Platt's scaling of log-odds, fitted on outcomes after the training.

Chosen over isotonic regression: two numbers need few outcomes, the order of customers stays, and no group becomes certain.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.value.propensity.features import Numbers
from pipelines.value.propensity.judging import bound

_STEPS = 50
_CLOSE_ENOUGH = 1e-10


@dataclass(frozen=True, slots=True)
class Calibration:
    """`probability = 1 / (1 + exp(-(slope * log-odds + shift)))`. A slope of 0 gives everybody the same rate."""

    slope: float
    shift: float

    def apply(self, log_odds: Numbers) -> Numbers:
        return bound(sigmoid(self.slope * log_odds + self.shift))


def sigmoid(log_odds: Numbers) -> Numbers:
    """Without overflow, whatever the size."""
    return np.asarray(0.5 * (1 + np.tanh(log_odds / 2)))


def log_odds_of(probabilities: Numbers) -> Numbers:
    """Of probabilities kept away from 0 and 1."""
    bounded = bound(probabilities)
    return np.asarray(np.log(bounded / (1 - bounded)))


def calibrate(log_odds: Numbers, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Calibration:
    """Fit by maximum likelihood on Platt's smoothed outcomes. Log-odds that point the wrong way get the slope 0."""
    positive, total = int(outcomes.sum()), len(outcomes)
    target = np.where(outcomes, (positive + 1) / (positive + 2), 1 / (total - positive + 2))
    base = Calibration(0.0, float(log_odds_of(np.array([target.mean()]))[0]))
    spread = float(log_odds.std())
    if spread == 0:
        return base
    center = float(log_odds.mean())
    scaled = (log_odds - center) / spread
    design = np.column_stack([scaled, np.ones(total)])
    found = np.array([0.0, base.shift])
    for _ in range(_STEPS):
        probability = sigmoid(design @ found)
        gradient = design.T @ (target - probability)
        curvature = (design * (probability * (1 - probability))[:, None]).T @ design
        step = np.linalg.solve(curvature + 1e-9 * np.eye(2), gradient)
        found = found + np.clip(step, -2, 2)
        if float(np.abs(step).max()) < _CLOSE_ENOUGH:
            break
    slope = float(found[0]) / spread
    return Calibration(slope, float(found[1]) - slope * center) if slope > 0 else base
