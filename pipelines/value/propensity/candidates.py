"""The models that compete for a target. What is learned is trained, then calibrated on outcomes that came after its training."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np

from pipelines.contracts.settings.predictions import PropensityConfig
from pipelines.value.propensity.boosting import SETTINGS, fit_boosting
from pipelines.value.propensity.buying import BuyingProbabilities, FitBuying
from pipelines.value.propensity.calibration import Calibration, calibrate, log_odds_of
from pipelines.value.propensity.declared import Feature
from pipelines.value.propensity.features import Numbers, Snapshot
from pipelines.value.propensity.logistic import fit_logistic
from pipelines.value.propensity.periods import Periods
from pipelines.value.propensity.rates import Rates, rates_of

RECENCY_RULE = "recency_rule"
MEAN = "mean"
LAST_PERIOD = "last_period"
PURCHASE_MODEL = "purchase_model"  # its own probabilities, as they are
CALIBRATED_PURCHASE_MODEL = "purchase_model_calibrated"
LOGISTIC = "logistic"
BOOSTING = "boosting"
BASELINES = (RECENCY_RULE, LAST_PERIOD, MEAN)
PURCHASE_MODELS = (PURCHASE_MODEL, CALIBRATED_PURCHASE_MODEL)
LEARNED = (*PURCHASE_MODELS, LOGISTIC, BOOSTING)

Snapshots = Callable[[date], Snapshot]


@dataclass(frozen=True, slots=True)
class Fitted:
    """A model that gives probabilities of a purchase within the horizon.

    `customer_count`: customers that it was fitted on.
    `contributions`: what each feature adds to the log-odds after calibration, a row a customer; None where the model has no such parts.
    """

    name: str
    probabilities: Callable[[Snapshot], Numbers]
    contributions: Callable[[Snapshot], Numbers] | None = None
    rates: Rates | None = None
    customer_count: int = 0
    parameters: Mapping[str, Any] = field(default_factory=dict)


class Workshop:
    """Fits the models of one target for one set of periods. `snapshots` gives the customers of a cut-off day."""

    def __init__(
        self,
        periods: Periods,
        snapshots: Snapshots,
        features: tuple[Feature, ...],
        config: PropensityConfig,
        fit_buying: FitBuying,
        threads: int | None,
    ) -> None:
        self._periods = periods
        self._snapshots = snapshots
        self._features = features
        self._config = config
        self._fit_buying = fit_buying
        self._buying: BuyingProbabilities | None = None
        self._threads = threads

    def fit(self, name: str) -> Fitted | None:
        """The model `name`, or None where there are not enough customers or outcomes for it."""
        calibrating = self._snapshots(self._periods.calibrated_on)
        if name in BASELINES:
            return self._rates(name, calibrating) if len(calibrating.customer_nos) >= self._config.min_rate_customers else None
        if not self._is_enough(self._outcomes(calibrating)):
            return None
        if name in PURCHASE_MODELS:
            return self._of_purchases(name, calibrating)
        return self._learned(name, calibrating)

    def _rates(self, name: str, calibrating: Snapshot) -> Fitted:
        bands = {RECENCY_RULE: self._config.recency_bands_days, LAST_PERIOD: (self._periods.horizon_days - 1,), MEAN: ()}[name]
        column = self._column("recency_days")
        rates = rates_of(calibrating.values[:, column], self._outcomes(calibrating), bands)
        parameters = {
            "measured_on": str(self._periods.calibrated_on),
            "up_to_days": list(rates.up_to_days),
            "rates": [round(rate, 6) for rate in rates.rates],
        }
        return Fitted(
            name,
            lambda snapshot: rates.apply(snapshot.values[:, column]),
            rates=rates,
            customer_count=len(calibrating.customer_nos),
            parameters=parameters,
        )

    def _of_purchases(self, name: str, calibrating: Snapshot) -> Fitted | None:
        horizon = self._periods.horizon_days
        if self._buying is None:
            self._buying = self._fit_buying(calibrating, self._features)
        buying = self._buying
        if buying is None:
            return None
        calibration = Calibration(1.0, 0.0)
        if name == CALIBRATED_PURCHASE_MODEL:
            calibration = calibrate(log_odds_of(buying(calibrating, horizon)), self._outcomes(calibrating))
        return Fitted(
            name,
            lambda snapshot: calibration.apply(log_odds_of(buying(snapshot, horizon))),
            customer_count=len(calibrating.customer_nos),
            parameters=self._said(calibration),
        )

    def _learned(self, name: str, calibrating: Snapshot) -> Fitted | None:
        training = [self._snapshots(day) for day in self._periods.trained_on]
        outcomes = np.concatenate([self._outcomes(snapshot) for snapshot in training]) if training else np.zeros(0, dtype=np.bool_)
        if not self._is_enough(outcomes) or (name == BOOSTING and len(outcomes) < self._config.min_boosted_customers):
            return None
        values = np.concatenate([snapshot.values for snapshot in training])
        names = [feature.name for feature in self._features]
        model = fit_logistic(values, outcomes) if name == LOGISTIC else fit_boosting(values, outcomes, names, self._threads)
        calibration = calibrate(model.log_odds(calibrating.values), self._outcomes(calibrating))
        parameters = self._said(calibration) | {"features": names, "trained_on": [str(day) for day in self._periods.trained_on]}
        if name == BOOSTING:
            parameters |= {"settings": dict(SETTINGS)}
        return Fitted(
            name,
            lambda snapshot: calibration.apply(model.log_odds(snapshot.values)),
            contributions=lambda snapshot: calibration.slope * model.contributions(snapshot.values),
            customer_count=len({number for snapshot in training for number in snapshot.customer_nos.tolist()}),
            parameters=parameters,
        )

    def _outcomes(self, snapshot: Snapshot) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return snapshot.bought_within(self._periods.horizon_days)

    def _is_enough(self, outcomes: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> bool:
        bought = int(outcomes.sum())
        rarer = min(bought, len(outcomes) - bought)
        return len(outcomes) >= self._config.min_customers and rarer >= self._config.min_outcomes

    def _column(self, name: str) -> int:
        return next(index for index, feature in enumerate(self._features) if feature.name == name)

    def _said(self, calibration: Calibration) -> dict[str, Any]:
        return {
            "calibrated_on": str(self._periods.calibrated_on),
            "slope": round(calibration.slope, 6),
            "shift": round(calibration.shift, 6),
        }
