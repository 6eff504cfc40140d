"""Which model is used for a target: the one that would have been best on outcomes that no fit had seen, or the recency rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from pipelines.contracts.settings.predictions import PropensityConfig
from pipelines.value.propensity.buying import FitBuying
from pipelines.value.propensity.candidates import (
    BASELINES,
    LEARNED,
    RECENCY_RULE,
    Fitted,
    Snapshots,
    Workshop,
)
from pipelines.value.propensity.declared import Feature
from pipelines.value.propensity.judging import Judgement, judge
from pipelines.value.propensity.periods import Periods, periods_of

_TOO_FEW = "not enough customers or outcomes to learn from"


@dataclass(frozen=True, slots=True)
class Trial:
    """One model in the back-test, or why it had none. `customer_count`: customers that it was fitted on there."""

    model_name: str
    is_baseline: bool
    judgement: Judgement | None
    why_not: str | None
    customer_count: int = 0


@dataclass(frozen=True, slots=True)
class Choice:
    """`model`: fitted for the day, None where there is too little of everything. `trials`: every model, the baselines last."""

    periods: Periods
    tested_on: date
    test_count: int
    trials: tuple[Trial, ...]
    model: Fitted | None
    reason: str


def choose(
    as_of: date,
    horizon_days: int,
    first_on: date,
    snapshots: Snapshots,
    features: tuple[Feature, ...],
    config: PropensityConfig,
    fit_buying: FitBuying,
    threads: int | None,
) -> Choice:
    """Test all models a horizon before `as_of`, fit the best of them for `as_of`.

    `first_on`: first purchase day of the shop. A model is used when its log-loss in the back-test is below that of the recency rule; the
    lowest wins, the Brier score decides between equals, then the plainer model.
    """
    tested_on = as_of - timedelta(days=horizon_days)
    at_test = periods_of(tested_on, horizon_days, first_on, config.training_cutoffs)
    at_last = periods_of(as_of, horizon_days, first_on, config.training_cutoffs)
    workshop = Workshop(at_test, snapshots, features, config, fit_buying, threads)
    final = Workshop(at_last, snapshots, features, config, fit_buying, threads)
    test_count = 0
    trials = [Trial(name, name in BASELINES, None, "not enough history for a back-test") for name in (*LEARNED, *BASELINES)]
    if at_test.calibrated_on >= first_on:
        tested = snapshots(tested_on)
        test_count = len(tested.customer_nos)
        outcomes = tested.bought_within(horizon_days)
        trials = []
        for name in (*LEARNED, *BASELINES):
            fitted = workshop.fit(name) if test_count >= config.min_rate_customers else None
            judgement = judge(fitted.probabilities(tested), outcomes) if fitted else None
            count = fitted.customer_count if fitted else 0
            trials.append(Trial(name, name in BASELINES, judgement, None if fitted else _TOO_FEW, count))
    model, reason = _best(trials, final, tested_on) if tested_on >= first_on else (None, "")
    return Choice(at_last, tested_on, test_count, tuple(trials), model, reason or "less history than the days that it looks ahead")


def _best(trials: list[Trial], final: Workshop, tested_on: date) -> tuple[Fitted | None, str]:
    judged = {trial.model_name: trial.judgement for trial in trials if trial.judgement}
    rule = judged.get(RECENCY_RULE)
    learned = [name for name in LEARNED if name in judged]
    if rule and learned:
        best = min(learned, key=lambda name: judged[name].rank)
        losses = f"log-loss {judged[best].log_loss:.4f} on {tested_on}, recency rule {rule.log_loss:.4f}"
        if judged[best].rank < rule.rank and (fitted := final.fit(best)):
            return fitted, f"best in the back-test: {losses}"
        return final.fit(RECENCY_RULE), f"no model beat the recency rule: {best} has {losses}"
    fitted = final.fit(RECENCY_RULE)
    return fitted, "no model could be tested: rates by recency" if fitted else "not enough customers"
