"""Gradient-boosted trees (LightGBM): the candidate that finds thresholds and combinations. The same rows give the same trees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipelines.value.propensity.features import Numbers, Values

_ROUNDS = 200
_PIECE = 20_000  # rows, times a leaf in each tree
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
    # threads that wait for each other at every split cost more than they bring where the machine is busy
    "num_threads": 1,
    "force_row_wise": True,
    "verbosity": -1,
}


@dataclass(frozen=True, slots=True)
class Boosting:
    """Fitted trees, asked by `threads` threads at once, 0 for all there are: customers do not wait for each other."""

    trees: Any  # lightgbm.Booster: its import takes two seconds, which a run without enough customers need not spend
    threads: int

    def log_odds(self, values: Values) -> Numbers:
        return np.asarray(self.trees.predict(values, raw_score=True, num_threads=self.threads), dtype=np.float64)

    def contributions(self, values: Values) -> Numbers:
        """What each feature adds to the log-odds of an average customer: the steps on the way to each leaf, by the feature that is split.

        They add up to the log-odds less `base`. Shapley values would need twenty times as long: six minutes for a million customers.
        """
        from scipy.sparse import csr_matrix

        parts, first_leaf = self._parts_of_leaves(values.shape[1])
        found = np.empty(values.shape)
        for start in range(0, len(values), _PIECE):
            leaves = np.asarray(self.trees.predict(values[start : start + _PIECE], pred_leaf=True, num_threads=self.threads))
            leaves = leaves.reshape(-1, len(first_leaf)).astype(np.int64) + first_leaf
            ends = np.arange(len(leaves) + 1) * leaves.shape[1]
            taken = csr_matrix((np.ones(leaves.size), leaves.ravel(), ends), shape=(len(leaves), len(parts)))
            found[start : start + _PIECE] = taken @ parts
        return found

    @property
    def base(self) -> float:
        """Log-odds of the average customer that was learned from."""
        return float(sum(_value(tree["tree_structure"]) for tree in self.trees.dump_model()["tree_info"]))

    def _parts_of_leaves(self, features: int) -> tuple[Numbers, NDArray[np.int64]]:
        """A row a leaf of any tree, a column a feature; and the row of each tree's first leaf."""
        trees = self.trees.dump_model()["tree_info"]
        first_leaf = np.cumsum([0, *(tree["num_leaves"] for tree in trees)])
        parts = np.zeros((first_leaf[-1], features))
        for tree, first in zip(trees, first_leaf, strict=False):
            waiting = [(tree["tree_structure"], np.zeros(features))]
            while waiting:
                node, so_far = waiting.pop()
                if "split_feature" not in node:
                    parts[first + node.get("leaf_index", 0)] = so_far
                    continue
                for child in (node["left_child"], node["right_child"]):
                    steps = so_far.copy()
                    steps[node["split_feature"]] += _value(child) - _value(node)
                    waiting.append((child, steps))
        return parts, first_leaf[:-1]


def _value(node: Mapping[str, Any]) -> float:
    """Mean of what the node gives to those who come by it."""
    return float(node["internal_value"] if "split_feature" in node else node["leaf_value"])


def fit_boosting(
    values: Values, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]], names: Sequence[str], threads: int | None
) -> Boosting:
    """Fit on rows of features (NaN for null)."""
    import lightgbm

    rows = lightgbm.Dataset(values, label=outcomes.astype(np.float64), feature_name=list(names), params=dict(SETTINGS))
    return Boosting(lightgbm.train(dict(SETTINGS), rows, num_boost_round=_ROUNDS), threads or 0)
