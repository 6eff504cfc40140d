"""Predictions for customers, many at a time: what the models in use, or the simple rules in their place, expect of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from pipelines.value.purchases.expectation import (
    AmountModel,
    PurchaseModel,
    discounted_if_alive,
    expected_if_alive,
    spending_interval,
)
from pipelines.value.purchases.histories import Facts, column_of
from pipelines.value.purchases.likelihood import Floats, Histories

WINDOWS = (30, 90, 365)
_YEAR = 365
_DIGITS = 6  # beyond them a prediction says nothing, and differs from processor to processor


@dataclass(frozen=True, slots=True)
class Outlook:
    """What a purchase model expects of customers who are alive, for each distinct frequency and age: computed once, looked up by all."""

    model: PurchaseModel
    days: tuple[int, ...]
    keys: Floats
    first: Floats
    second: Floats
    discounted: Floats | None
    longest_age: float

    @classmethod
    def of(cls, model: PurchaseModel, histories: Histories, days: Sequence[int], discount_rate: float | None = None) -> Outlook:
        """Look `days` ahead of all `histories`; with a discount rate a year ahead in today's money, too."""
        longest = float(histories.age.max())
        keys = np.unique(histories.frequency * (longest + 1) + histories.age)
        frequency, age = np.divmod(keys, longest + 1)
        first, second = expected_if_alive(model, frequency, age, days)
        discounted = None if discount_rate is None else discounted_if_alive(model, frequency, age, _YEAR, discount_rate)
        return cls(model, tuple(days), keys, first, second, discounted, longest)

    def rows(self, frequency: Floats, age: Floats) -> np.ndarray:
        return np.searchsorted(self.keys, frequency * (self.longest_age + 1) + age)


@dataclass(frozen=True, slots=True)
class Amounts:
    """How much one purchase day brings: by the model, by the customer's own mean, or by everybody's."""

    name: str
    model: AmountModel | None
    facts: Facts

    def expected(self, paid_count: Floats, paid_amount: Floats) -> Floats:
        """Net amount expected of a purchase day, gifts included."""
        if self.name == "gamma_gamma" and self.model is not None:
            amount = self.model.expected_amount(paid_count, paid_amount)
        elif self.name == "own_mean":
            amount = np.where(paid_count > 0, paid_amount / np.maximum(paid_count, 1), self.facts.mean_amount)
        else:
            amount = np.full(len(paid_count), self.facts.mean_amount)
        return amount * self.facts.paid_share


def simple_purchases(name: str, frame: pl.DataFrame, facts: Facts, days: int) -> Floats:
    """Purchase days of the next `days` by a rule: as many as in the last `days`, or as everybody on average.

    Who had none in the last `days` is expected to have as many as such customers had the last time.
    """
    if name == "last_period":
        count = column_of(frame, f"count_{days}d")
        return np.where(count > 0, count, facts.after_silence[days][0])
    return np.full(frame.height, facts.purchases_per_day * days)


def simple_amounts(name: str, frame: pl.DataFrame, facts: Facts, days: int) -> Floats:
    """Net amount of the next `days` by the same rules."""
    if name == "last_period":
        amount = np.maximum(column_of(frame, f"amount_{days}d"), 0.0)
        return np.where(column_of(frame, f"count_{days}d") > 0, amount, facts.after_silence[days][1])
    return np.full(frame.height, facts.purchases_per_day * days * facts.mean_amount * facts.paid_share)


def _no_less(by_days: Sequence[Floats]) -> list[Floats]:
    """Longer windows bring no less, nor does one that is longer than the history, of which no customer is an example."""
    return list(np.fmax.accumulate(np.stack(by_days), axis=0))


@dataclass(frozen=True, slots=True)
class Rules:
    """What a run predicts with. `purchases` and `net_amount` name a model or a baseline of their target, or are None: nothing is said."""

    facts: Facts
    purchases: str | None = None
    net_amount: str | None = None
    outlook: Outlook | None = None
    amounts: Amounts | None = None
    discount_rate: float = 0.0
    confidence: float = 0.9


def predictions(frame: pl.DataFrame, rules: Rules) -> pl.DataFrame:
    """Columns of VALUE_CUSTOMERS but id and bases, one row a row of `frame`, which has the columns of a history; no row lacks one."""
    told: dict[str, Floats] = {}
    if rules.purchases is not None:
        told |= _purchases(frame, rules, rules.purchases)
    if rules.net_amount is not None:
        told |= _amounts(frame, rules, rules.net_amount, told)
    return pl.DataFrame({name: np.round(values, _DIGITS) for name, values in told.items()}, nan_to_null=True)


def _purchases(frame: pl.DataFrame, rules: Rules, name: str) -> Mapping[str, Floats]:
    if rules.outlook is None or name != rules.outlook.model.name:
        by_days = _no_less([np.minimum(simple_purchases(name, frame, rules.facts, days), days) for days in WINDOWS])
        return {f"predicted_purchases_{days}d": values for days, values in zip(WINDOWS, by_days, strict=True)}
    model, outlook = rules.outlook.model, rules.outlook
    frequency, recency, age = (column_of(frame, column) for column in ("frequency", "recency", "age"))
    alive, rows = model.probability_alive(frequency, recency, age), outlook.rows(frequency, age)
    told = {"probability_alive": alive}
    for days in WINDOWS[:2]:
        told[f"purchase_probability_{days}d"] = model.probability_of_purchase(frequency, age, alive, days)
    for days in WINDOWS:
        told[f"predicted_purchases_{days}d"] = np.minimum(alive * outlook.first[rows, outlook.days.index(days)], days)
    return told


def _amounts(frame: pl.DataFrame, rules: Rules, name: str, purchases: Mapping[str, Floats]) -> Mapping[str, Floats]:
    """Money of the next days. What a year brings is worth less today, on average by half a year's discount where no model says when."""
    if name != "purchases_by_amount" or rules.amounts is None or rules.outlook is None or rules.outlook.discounted is None:
        by_days = _no_less([simple_amounts(name, frame, rules.facts, days) for days in WINDOWS])
        told = {f"predicted_net_amount_{days}d": values for days, values in zip(WINDOWS, by_days, strict=True)}
        force = np.log1p(rules.discount_rate)
        share = -np.expm1(-force) / force if force else 1.0
        return told | {"ltv_predicted_12m": told["predicted_net_amount_365d"] * share}
    paid_count, paid_amount = column_of(frame, "paid_count"), column_of(frame, "paid_amount")
    amount = rules.amounts.expected(paid_count, paid_amount)
    told = {"predicted_purchase_amount": amount}
    told |= {f"predicted_net_amount_{days}d": amount * purchases[f"predicted_purchases_{days}d"] for days in WINDOWS}
    outlook, model = rules.outlook, rules.amounts.model
    frequency, age, alive = column_of(frame, "frequency"), column_of(frame, "age"), purchases["probability_alive"]
    rows = outlook.rows(frequency, age)
    told["ltv_predicted_12m"] = amount * np.minimum(alive * rules.outlook.discounted[rows], _YEAR)
    if rules.amounts.name == "gamma_gamma" and model is not None:
        share = rules.facts.paid_share
        year = outlook.days.index(_YEAR)
        square, product = model.expected_square(paid_count, paid_amount)
        mean_square = alive * (share * outlook.first[rows, year] * square + share**2 * outlook.second[rows, year] * product)
        worth = rules.outlook.discounted[rows] / np.maximum(outlook.first[rows, year], 1e-300)
        none = 1 - outlook.model.probability_of_purchase(frequency, age, alive, _YEAR)
        mean = alive * outlook.first[rows, year] * amount
        low, high = spending_interval(mean, mean_square, none, rules.confidence)
        told |= {"ltv_predicted_low_12m": low * worth, "ltv_predicted_high_12m": high * worth}
    return told
