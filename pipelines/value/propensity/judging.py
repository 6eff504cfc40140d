"""How good probabilities were, once it is known what happened. Equal probabilities are never told apart."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.value.propensity.features import Numbers

SMALLEST = 1e-4  # nothing is certain: no probability is nearer to 0 or 1
_GROUPS = 10


@dataclass(frozen=True, slots=True)
class Group:
    """Customers with probabilities of one tenth: what was expected of them and what happened, as shares."""

    number: int
    expected: float
    actual: float
    customer_count: int


@dataclass(frozen=True, slots=True)
class Judgement:
    """How probabilities compare with what happened.

    `log_loss` and `brier`: smaller is better. `auc`: 0.5 is chance, and where all outcomes are alike. `calibration_error`: mean distance of
    expected and actual share over the groups, by their sizes.
    """

    log_loss: float
    brier: float
    auc: float
    calibration_error: float
    groups: tuple[Group, ...]

    @property
    def rank(self) -> tuple[float, float]:
        """Smaller is better: log-loss, and the Brier score where that is equal to six places."""
        return round(self.log_loss, 6), round(self.brier, 6)

    def as_metrics(self) -> dict[str, float]:
        return {name: round(getattr(self, name), 6) for name in ("log_loss", "brier", "auc", "calibration_error")}


def judge(probabilities: Numbers, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> Judgement:
    """Compare with what happened. At least one customer."""
    happened = outcomes.astype(np.float64)
    bounded = bound(probabilities)
    log_loss = -np.mean(happened * np.log(bounded) + (1 - happened) * np.log(1 - bounded))
    groups = _groups(bounded, happened)
    error = sum(abs(group.expected - group.actual) * group.customer_count for group in groups) / len(happened)
    return Judgement(float(log_loss), float(np.mean((bounded - happened) ** 2)), auc(bounded, outcomes), float(error), groups)


def bound(probabilities: Numbers) -> Numbers:
    """Away from 0 and 1 by SMALLEST."""
    return np.clip(probabilities, SMALLEST, 1 - SMALLEST)


def auc(scores: Numbers, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> float:
    """Share of pairs of one customer of each outcome that the score puts in the right order, ties half; 0.5 where there is no such pair."""
    positive = int(outcomes.sum())
    negative = len(outcomes) - positive
    if positive == 0 or negative == 0:
        return 0.5
    _, level, counts = np.unique(scores, return_inverse=True, return_counts=True)
    mean_rank = np.cumsum(counts) - (counts - 1) / 2
    return float((mean_rank[level][outcomes].sum() - positive * (positive + 1) / 2) / (positive * negative))


def _groups(probabilities: Numbers, happened: Numbers) -> tuple[Group, ...]:
    """By the whole tenths of all customers who have a smaller probability."""
    _, level, counts = np.unique(probabilities, return_inverse=True, return_counts=True)
    smaller = (np.cumsum(counts) - counts)[level]
    tenth = smaller * _GROUPS // len(probabilities)
    sizes = np.bincount(tenth, minlength=_GROUPS)
    expected = np.bincount(tenth, weights=probabilities, minlength=_GROUPS)
    actual = np.bincount(tenth, weights=happened, minlength=_GROUPS)
    return tuple(
        Group(number + 1, float(expected[number] / sizes[number]), float(actual[number] / sizes[number]), int(sizes[number]))
        for number in range(_GROUPS)
        if sizes[number]
    )
