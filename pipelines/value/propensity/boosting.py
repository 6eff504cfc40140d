"""Gradient-boosted trees (LightGBM): the candidate that finds thresholds and combinations. The same rows give the same trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pipelines.value.propensity.features import Numbers

_ROUNDS = 200
_SHARED_FROM = 50_000  # rows
SETTINGS: Mapping[str, Any] = {
    "objective": "binary",
    "learning_rate": 0.04,
    "num_leaves": 15,
    "min_data_in_leaf": 40,
    "feature_fraction": 0.7,
    "lambda_l2": 5.0,
    "seed": 20240229,
    # sums in one order, whatever the number of threads
    "deterministic": True,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Boosting:
    """Fitted trees."""

    trees: Any  # lightgbm.Booster: its import takes two seconds, which a run without enough customers need not spend

    def log_odds(self, values: Numbers) -> Numbers:
        return np.asarray(self.trees.predict(values, raw_score=True), dtype=np.float64)

    def contributions(self, values: Numbers) -> Numbers:
        """What each feature adds to the log-odds of an average customer (Shapley values of the trees)."""
        return np.asarray(self.trees.predict(values, pred_contrib=True), dtype=np.float64)[:, :-1]


def fit_boosting(
    values: Numbers, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]], names: Sequence[str], threads: int | None
) -> Boosting:
    """Fit on rows of features (NaN for null)."""
    import lightgbm

    # threads that wait for each other cost more than they bring on few rows
    settings = dict(SETTINGS) | {"num_threads": (threads or 0) if len(values) >= _SHARED_FROM else 1}
    rows = lightgbm.Dataset(values, label=outcomes.astype(np.float64), feature_name=list(names), params=settings, free_raw_data=True)
    return Boosting(lightgbm.train(settings, rows, num_boost_round=_ROUNDS))
