"""Form the groups of a day from the traits of its buyers, as near to those of the last run as the data allow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from pipelines.contracts.settings.predictions import ClustersConfig
from pipelines.value.clusters.declared import MONEY, TRAITS
from pipelines.value.clusters.kmeans import Numbers, Whole, fit, nearest, split_centers
from pipelines.value.clusters.naming import numbers

_FARTHEST = 3.0  # standard deviations: rare customers must not make a group of their own kind


@dataclass(frozen=True, slots=True)
class Scale:
    """Logarithms of traits in standard deviations from their mean, so that each trait weighs the same."""

    means: Numbers
    spreads: Numbers

    def apply(self, values: Numbers) -> Numbers:
        return self.of_logarithms(_logarithms(values))

    def of_logarithms(self, logarithms: Numbers) -> Numbers:
        return np.asarray(np.clip((logarithms - self.means) / self.spreads, -_FARTHEST, _FARTHEST))

    def to_logarithms(self, points: Numbers) -> Numbers:
        return np.asarray(np.where(np.isinf(self.spreads), 0, points * np.where(np.isinf(self.spreads), 0, self.spreads)) + self.means)


@dataclass(frozen=True, slots=True)
class Groups:
    """`numbers[i]` is the lasting number of `centers[i]`. `explained`: share of the sum of squares that the groups take away."""

    scale: Scale
    centers: Numbers
    numbers: tuple[int, ...]
    explained: float
    is_new_start: bool

    def of(self, values: Numbers) -> Whole:
        """Number of the group of each customer."""
        return np.asarray(self.numbers, dtype=np.int64)[nearest(self.scale.apply(values), self.centers)]


def group(values: Numbers, config: ClustersConfig, previous: Mapping[int, Sequence[float]]) -> Groups:
    """Group customers by their traits: a row a customer, in the order of TRAITS, null as NaN.

    `previous`: centers of the last run by number, as logarithms. They are where the search begins, unless a fresh start fits better by
    more than the configuration says: so a few new customers move no border to speak of.
    """
    logarithms = _logarithms(values)
    spreads = logarithms.std(axis=0)
    scale = Scale(logarithms.mean(axis=0), np.where(spreads > 1e-9, spreads, np.inf))
    points = scale.of_logarithms(logarithms)
    known = {number: scale.of_logarithms(np.asarray(center, dtype=np.float64)) for number, center in previous.items()}
    best = fit(points, split_centers(points, config.count))
    is_new = True
    if len(known) == config.count:
        kept = fit(points, np.stack([known[number] for number in sorted(known)]))
        if best.inertia >= kept.inertia * (1 - float(config.restart_from_gain)):
            best, is_new = kept, False
    sizes = np.bincount(nearest(points, best.centers), minlength=len(best.centers))
    centers = best.centers[sizes > 0]
    money = [trait.name for trait in TRAITS].index(MONEY)
    centers = centers[np.lexsort((*centers.T, -centers[:, money]))]
    total = float(((points - points.mean(axis=0)) ** 2).sum())
    explained = 1 - best.inertia / total if total > 0 else 0.0
    return Groups(scale, centers, tuple(numbers(centers, known)), explained, is_new)


def _logarithms(values: Numbers) -> Numbers:
    return np.asarray(np.log1p(np.maximum(np.nan_to_num(values, nan=0.0), 0)))
