"""Judge the purchase model by what it would have said some time ago: which variant is likelier, and does it beat simple rules?

The cut-off is in the past, the facts are those of today: an order that was refunded in full since then counts as never made.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np
import polars as pl

from pipelines.contracts.engine import fetch_frame
from pipelines.contracts.settings.predictions import PurchaseModelConfig
from pipelines.value.purchases.expectation import AmountModel, PurchaseModel
from pipelines.value.purchases.fitting import Fit, fit_amounts, fit_purchases
from pipelines.value.purchases.histories import Facts, column_of, create_histories, distinct_histories, distinct_spending
from pipelines.value.purchases.judging import Judged, auc, by_decile, deviance, log_loss, rmse
from pipelines.value.purchases.likelihood import Floats, Histories, ModelName, purchases
from pipelines.value.purchases.scoring import Amounts, Outlook, simple_amounts, simple_purchases

MODELS: tuple[ModelName, ...] = ("bg_nbd", "mbg_nbd")
RULES = ("last_period", "mean")
AMOUNT_RULES = ("own_mean", "population_mean")
_WEEK = 7

# the histories of the same customers, as they went on
_LATER = """
select later.frequency, later.recency, later.age, cast(count(*) as double) as weight
from past_histories as past
inner join histories as later on past.customer_no = later.customer_no
group by later.frequency, later.recency, later.age
order by later.frequency, later.recency, later.age
"""

_SAMPLE = """
select
    past.*,
    coalesce(came.purchase_count, 0) as purchase_count,
    coalesce(came.net_amount, 0) as net_amount,
    coalesce(came.paid_count_after, 0) as paid_count_after,
    coalesce(came.paid_amount_after, 0) as paid_amount_after
from past_histories as past
left join (
    select
        customer_no,
        cast(count(*) as double) as purchase_count,
        cast(sum(net_amount) as double) as net_amount,
        cast(count(*) filter (where net_amount > 0) as double) as paid_count_after,
        cast(sum(net_amount) filter (where net_amount > 0) as double) as paid_amount_after
    from purchase_days
    where purchased_on > {cutoff} and purchased_on <= {as_of}
    group by customer_no
) as came on past.customer_no = came.customer_no
where past.customer_no % {every} = 0
order by past.customer_no
"""

_WEEKS = """
select cast((purchase_days.purchased_on - {cutoff} - 1) // 7 as integer) as week, count(*) as purchase_count
from purchase_days
inner join past_histories as past on purchase_days.customer_no = past.customer_no
where purchase_days.purchased_on > {cutoff} and purchase_days.purchased_on <= {as_of} and past.customer_no % {every} = 0
group by week
order by week
"""


@dataclass(frozen=True, slots=True)
class Choice:
    """The model or baseline to predict a target with, why, and why each of the others is not used."""

    used: str
    reasons: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the back-test found. `candidate` is the likelier purchase model, whether it is used or not."""

    candidate: ModelName
    purchases: Choice
    purchase_amount: Choice
    net_amount: Choice
    metrics: Mapping[tuple[str, str], Mapping[str, float | int | None]]  # by target and model
    backtests: pl.DataFrame


def horizon_of(settings: PurchaseModelConfig, facts: Facts) -> int:
    """Days that a back-test of such a history predicts."""
    return max(1, min(settings.backtest_days, facts.days // 2))


def lacks(settings: PurchaseModelConfig, facts: Facts) -> str | None:
    """Why there is too little to fit a model on; None when there is enough."""
    if facts.customers < settings.min_customers:
        return f"{facts.customers} customers have bought, {settings.min_customers} are needed"
    if facts.repeat_customers < settings.min_repeat_customers:
        return f"{facts.repeat_customers} customers have bought on two days, {settings.min_repeat_customers} are needed"
    if facts.days < settings.min_days:
        return f"{facts.days} days of history, {settings.min_days} are needed"
    return None


def purchase_model(name: ModelName, fit: Fit) -> PurchaseModel:
    """The fitted model."""
    return PurchaseModel(name, **fit.parameters)


def judge(connection: duckdb.DuckDBPyConnection, settings: PurchaseModelConfig, as_of: date, facts: Facts) -> Verdict | None:
    """Back-test over the tables `purchase_days` and `histories`; None when there was too little to fit on at the cut-off."""
    horizon = horizon_of(settings, facts)
    cutoff = as_of - timedelta(days=horizon)
    past = create_histories(connection, "past_histories", cutoff, [horizon])
    if lacks(settings, past) is not None and (past.customers < settings.min_customers or not past.repeat_customers):
        return None
    test = _Test(connection, cutoff, as_of, horizon, max(1, -(-past.customers // settings.backtest_customers)), past)
    return test.verdict()


class _Test:
    """One cut-off: models fitted before it, customers known at it, and what they did after it."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, cutoff: date, as_of: date, horizon: int, every: int, facts: Facts) -> None:
        self._connection, self._facts, self._cutoff, self._horizon = connection, facts, cutoff, horizon
        words = {"cutoff": f"date '{cutoff}'", "as_of": f"date '{as_of}'", "every": every}
        self._histories = distinct_histories(connection, "past_histories")
        self._frame = fetch_frame(connection, _SAMPLE.format(**words))
        self._weeks = dict(connection.execute(_WEEKS.format(**words)).fetchall())
        self._metrics: dict[tuple[str, str], dict[str, float | int | None]] = {}
        self._rows: list[pl.DataFrame] = []

    def verdict(self) -> Verdict:
        candidate, said = self._purchase_models()
        purchases_choice = self._purchases(candidate, said)
        amounts_choice, amounts = self._amounts()
        net_choice = self._net_amount(purchases_choice, said.get(purchases_choice.used), amounts)
        return Verdict(candidate, purchases_choice, amounts_choice, net_choice, self._metrics, pl.concat(self._rows))

    def _purchase_models(self) -> tuple[ModelName, dict[str, Floats]]:
        """Fit both, tell how likely each found what came; the likelier one, and the purchases that each expected of each customer."""
        later = fetch_frame(self._connection, _LATER)
        whole = Histories(*(column_of(later, column) for column in ("frequency", "recency", "age", "weight")))
        expected: dict[str, Floats] = {}
        likelihoods: dict[ModelName, float] = {}
        for name in MODELS:
            fit = fit_purchases(name, self._histories)
            logs = np.log(np.array(list(fit.parameters.values())))
            # of what came, given what had come: the likelihood of the whole history over that of its first part
            likelihoods[name] = purchases(name, whole)(logs).value - fit.log_likelihood
            expected[name] = self._of_model(purchase_model(name, fit))
            self._tell("purchases", name, "log_likelihood_after_cutoff", float(likelihoods[name]))
        return max(MODELS, key=lambda name: likelihoods[name]), expected

    def _of_model(self, model: PurchaseModel) -> Floats:
        ends = [*range(_WEEK, self._horizon, _WEEK), self._horizon]
        outlook = Outlook.of(model, self._histories, ends)
        frequency, recency, age = (column_of(self._frame, column) for column in ("frequency", "recency", "age"))
        alive = model.probability_alive(frequency, recency, age)
        by_end = np.einsum("i,ij->j", alive, outlook.first[outlook.rows(frequency, age)])
        self._by_week("purchases", model.name, np.diff(by_end, prepend=0.0))
        probability, happened = (
            model.probability_of_purchase(frequency, age, alive, self._horizon),
            (self._came("purchase_count") > 0).astype(float),
        )
        judged = self._judged("purchases", model.name)
        self._rows.append(judged.rows("purchase_probability_by_decile", by_decile(probability, happened)))
        for metric, value in {
            "log_loss": log_loss(probability, happened),
            "brier": float(np.mean((probability - happened) ** 2)),
            "auc": auc(probability, happened),
        }.items():
            self._tell("purchases", model.name, metric, value)
        expected: Floats = alive * outlook.first[outlook.rows(frequency, age), -1]
        return expected

    def _purchases(self, candidate: ModelName, said: dict[str, Floats]) -> Choice:
        for rule in RULES:
            said[rule] = simple_purchases(rule, self._frame, self._facts, self._horizon)
            days = np.diff([*range(0, self._horizon, _WEEK), self._horizon])
            self._by_week("purchases", rule, said[rule].sum() * days / self._horizon)
        came = self._came("purchase_count")
        errors = {name: self._errors("purchases", name, expected, came) for name, expected in said.items()}
        choice = self._chosen(candidate, errors, RULES)
        [other] = set(MODELS) - {candidate}
        return Choice(choice.used, {**choice.reasons, other: f"{candidate} is likelier out of time"})

    def _amounts(self) -> tuple[Choice, dict[str, Amounts]]:
        """Of customers who bought after the cut-off: their mean amount a paid purchase day."""
        spending = distinct_spending(self._connection, "past_histories")
        count, total = column_of(self._frame, "paid_count_after"), column_of(self._frame, "paid_amount_after")
        bought = count > 0
        came = total[bought] / count[bought]
        models = {name: Amounts(name, None, self._facts) for name in AMOUNT_RULES}
        if len(spending.count):
            fit = fit_amounts(spending)
            models = {"gamma_gamma": Amounts("gamma_gamma", AmountModel(**fit.parameters), self._facts)} | models
        errors = {}
        for name, amounts in models.items():
            expected = amounts.expected(column_of(self._frame, "paid_count"), column_of(self._frame, "paid_amount"))
            expected = expected[bought] / max(self._facts.paid_share, 1e-12)
            errors[name] = self._errors("purchase_amount", name, expected, came)
        return self._chosen("gamma_gamma", errors, AMOUNT_RULES), models

    def _net_amount(self, purchases_choice: Choice, expected: Floats | None, amounts: Mapping[str, Amounts]) -> Choice:
        came = self._came("net_amount")
        said = {rule: simple_amounts(rule, self._frame, self._facts, self._horizon) for rule in RULES}
        if purchases_choice.used in MODELS and expected is not None:
            best = min(amounts, key=lambda name: (self._metrics["purchase_amount", name].get("deviance") or np.inf, name))
            amount = amounts[best].expected(column_of(self._frame, "paid_count"), column_of(self._frame, "paid_amount"))
            said["purchases_by_amount"] = expected * amount
        errors = {name: self._errors("net_amount", name, values, came) for name, values in said.items()}
        choice = self._chosen("purchases_by_amount", errors, RULES)
        if "purchases_by_amount" not in said:
            return Choice(choice.used, {**choice.reasons, "purchases_by_amount": "the model of purchases is not used"})
        return choice

    def _chosen(self, model: str, errors: Mapping[str, float], rules: tuple[str, ...]) -> Choice:
        """The model where it is nearer to what came than every rule; else the nearest rule. By mean Poisson deviance."""
        best_rule = min(rules, key=lambda name: (errors[name] if np.isfinite(errors[name]) else np.inf, name))
        own = errors.get(model, float("nan"))
        over = f"over {self._horizon} days from {self._cutoff}"
        compared = f"deviance {own:.4g} against {errors[best_rule]:.4g} of {best_rule} {over}"
        if np.isfinite(own) and own < errors[best_rule]:
            lost = {rule: f"deviance {errors[rule]:.4g} against {own:.4g} of {model} {over}" for rule in rules}
            return Choice(model, {model: f"beats every simple rule: {compared}", **lost})
        if not np.isfinite(errors[best_rule]):
            return Choice(model, {model: "nobody bought after the cut-off: not judged"} | dict.fromkeys(rules, "not judged"))
        lost = {rule: f"deviance {errors[rule]:.4g} {over}" for rule in rules}
        return Choice(best_rule, lost | {model: f"loses to a simple rule: {compared}", best_rule: f"beats the model: {compared}"})

    def _errors(self, target: str, name: str, expected: Floats, came: Floats) -> float:
        """Tell the figures that every kind of prediction has; return the one that decides."""
        error = deviance(expected, came)
        metrics = {
            "deviance": error,
            "rmse": rmse(expected, came),
            "expected_total": float(expected.sum()),
            "actual_total": float(came.sum()),
        }
        for metric, value in metrics.items():
            self._tell(target, name, metric, value, len(came))
        self._rows.append(self._judged(target, name).rows(f"{target}_by_decile", by_decile(expected, came)))
        return error

    def _by_week(self, target: str, name: str, expected: Floats) -> None:
        weeks = {
            f"{week + 1:02d}": (float(value), float(self._weeks.get(week, 0)), self._frame.height) for week, value in enumerate(expected)
        }
        self._rows.append(self._judged(target, name).rows(f"{target}_by_week", weeks))

    def _tell(self, target: str, name: str, metric: str, value: float, customers: int | None = None) -> None:
        count = self._frame.height if customers is None else customers
        told = self._metrics.setdefault((target, name), {"horizon_days": self._horizon, "customers": count})
        told[metric] = value
        self._rows.append(self._judged(target, name).figure(metric, value, count))

    def _judged(self, target: str, name: str) -> Judged:
        return Judged(target, name, name in {*RULES, *AMOUNT_RULES}, self._cutoff, self._horizon)

    def _came(self, column: str) -> Floats:
        return column_of(self._frame, column)
