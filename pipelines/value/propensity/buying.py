"""The purchase model as a candidate: the probability of at least one purchase within some days, from three numbers of a customer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.value.propensity.declared import Feature
from pipelines.value.propensity.features import Numbers, Snapshot

# (customers of a day, horizon in days) -> probability of a purchase in the horizon
BuyingProbabilities = Callable[[Snapshot, int], Numbers]
# fitted on the histories up to a day, and asked about histories up to the same day or a later one; None where there is nothing to fit
FitBuying = Callable[[Snapshot, tuple[Feature, ...]], BuyingProbabilities | None]


def fit_buying(snapshot: Snapshot, features: tuple[Feature, ...]) -> BuyingProbabilities | None:
    """Fit BG/NBD and MBG/NBD on the histories of `snapshot` and take the likelier."""
    from pipelines.value.purchases.expectation import PurchaseModel
    from pipelines.value.purchases.fitting import fit_purchases
    from pipelines.value.purchases.likelihood import Histories, ModelName

    distinct, weight = np.unique(_histories(snapshot, features), axis=0, return_counts=True)
    if not distinct[:, 0].any() or not distinct[:, 2].any():
        return None
    histories = Histories(distinct[:, 0], distinct[:, 1], distinct[:, 2], weight.astype(np.float64))
    names: tuple[ModelName, ...] = ("bg_nbd", "mbg_nbd")
    name, fit = max(((name, fit_purchases(name, histories)) for name in names), key=lambda one: round(one[1].log_likelihood, 6))
    model = PurchaseModel(name, **fit.parameters)

    def probabilities(asked: Snapshot, horizon_days: int) -> Numbers:
        frequency, recency, age = _histories(asked, features).T
        return model.probability_of_purchase(frequency, age, model.probability_alive(frequency, recency, age), horizon_days)

    return probabilities


def _histories(snapshot: Snapshot, features: tuple[Feature, ...]) -> Numbers:
    """Repeat purchase days, days from the first to the last one, days since the first: a row a customer."""
    places = {feature.name: place for place, feature in enumerate(features)}
    days, recency, tenure = (snapshot.values[:, places[name]] for name in ("purchase_day_count_total", "recency_days", "tenure_days"))
    return np.column_stack([days - 1, tenure - recency, tenure]).astype(np.float64)
