"""The number, the label and the description of a group: kept from run to run as long as they are true."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from pipelines.contracts.settings.predictions import ClustersConfig
from pipelines.value.clusters.declared import FREQUENCY, MONEY, RECENCY, TRAITS
from pipelines.value.clusters.kmeans import Numbers, distances

HIGH_VALUE = "high_value_loyal"
GROWTH = "growth_potential"
RISK = "churn_risk"
ORDINARY = "ordinary"

_TOLD = 3
_MUCH, _LITTLE = 1.2, 0.8
_TOLD_FROM = 0.3  # standard deviations from the mean of all; nearer traits tell a group from no other


def numbers(centers: Numbers, previous: Mapping[int, Numbers]) -> list[int]:
    """The number of each center: that of the group of the last run which it is matched to, else a free one.

    Matched so that all together are nearest. Without a last run they are numbered from 1 in their order.
    """
    if not previous:
        return list(range(1, len(centers) + 1))
    from scipy.optimize import linear_sum_assignment  # two thirds of a second, which a run with too few buyers need not spend

    known = sorted(previous)
    rows, columns = linear_sum_assignment(distances(centers, np.stack([previous[number] for number in known])))
    found = {int(row): known[column] for row, column in zip(rows, columns, strict=True)}
    free = (number for number in range(1, len(centers) + len(known) + 1) if number not in known)
    return [found[place] if place in found else next(free) for place in range(len(centers))]


def label(means: Mapping[str, float], of_all: Mapping[str, float], config: ClustersConfig, last: str | None = None) -> str:
    """What kind of customers they are, by their means against those of all buyers.

    `last`, the label of the last run, stays while its rule holds within the margin of the configuration.
    """
    high, margin = float(config.high_from_ratio), float(config.label_margin)
    ratios = {name: means[name] / of_all[name] if of_all[name] > 0 else 1.0 for name in (RECENCY, FREQUENCY, MONEY)}
    if last is not None and last == _rule(ratios, high * (1 - margin), 1 + margin, last):
        return last
    return _rule(ratios, high, 1.0, None)


def _rule(ratios: Mapping[str, float], high: float, recent: float, first: str | None) -> str:
    """The first rule that holds; `first` is asked before the others."""
    holds = {
        HIGH_VALUE: ratios[FREQUENCY] >= high and ratios[MONEY] >= high and ratios[RECENCY] <= recent,
        RISK: ratios[RECENCY] >= high,
        GROWTH: ratios[RECENCY] <= recent,
    }
    order = [first, *holds] if first in holds else list(holds)
    return next((kind for kind in order if kind is not None and holds[kind]), ORDINARY)


def description(center: Sequence[float], means: Mapping[str, float], of_all: Mapping[str, float]) -> str:
    """The traits that tell the group from all buyers, the strongest first: `buys often (2.1x the mean), ...`.

    `center`: in standard deviations from the mean of all, in the order of TRAITS.
    """
    order = sorted(range(len(TRAITS)), key=lambda place: (-round(abs(center[place]), 6), place))
    told = []
    for place in order:
        trait = TRAITS[place]
        ratio = means[trait.name] / of_all[trait.name] if of_all[trait.name] > 0 else 1.0
        # centers are of logarithms: few large customers may lift the mean of all above that of a group with much
        if abs(center[place]) >= _TOLD_FROM and (ratio >= _MUCH if center[place] > 0 else ratio <= _LITTLE):
            told.append(f"{trait.much if center[place] > 0 else trait.little} ({ratio:.1f}x the mean)")
    return ", ".join(told[:_TOLD]) or "as the mean of all"
