"""How likely purchase histories and amounts are, with gradients, over weighted distinct histories. Fits nothing.

BG/NBD (Fader, Hardie and Lee 2005) and MBG/NBD (Batislam, Denizel and Filiztekin 2007): while alive a customer buys at random at a rate
of their own (gamma with `r` and `alpha`), and leaves after a purchase with a probability of their own (beta with `a` and `b`); in MBG/NBD
after the first purchase already. Gamma-Gamma (Fader and Hardie 2013): amounts vary around a mean of each customer, which itself varies.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln, psi

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
# parameters as logarithms, to the sum of weighted log-likelihoods and its gradient
LogLikelihood = Callable[[Floats], tuple[float, Floats]]
ModelName = Literal["bg_nbd", "mbg_nbd"]


@dataclass(frozen=True, slots=True)
class Histories:
    """Distinct purchase histories and how many customers have each. Days, or any other unit of time.

    `frequency` counts purchase days after the first, `recency` is the time from first to last, `age` from the first to the end.
    """

    frequency: Floats
    recency: Floats
    age: Floats
    weight: Floats

    @property
    def customer_count(self) -> int:
        return int(self.weight.sum())


@dataclass(frozen=True, slots=True)
class Spending:
    """Distinct pairs of number of paid purchase days and their sum, and how many customers have each."""

    count: Floats
    total: Floats
    weight: Floats


@dataclass(frozen=True, slots=True)
class _Distinct:
    """A column by its distinct values: gamma functions and logarithms are computed once a value, not once a row."""

    values: Floats
    place: Integers

    @classmethod
    def of(cls, column: Floats) -> _Distinct:
        values, place = np.unique(column, return_inverse=True)
        return cls(values, place)

    def spread(self, of_values: Floats) -> Floats:
        return of_values[self.place]

    def sums(self, of_rows: Floats) -> Floats:
        of_values: Floats = np.bincount(self.place, weights=of_rows, minlength=len(self.values)).astype(np.float64)
        return of_values


def survivals(model: ModelName, frequency: Floats, b: float) -> Floats:
    """`b` of the beta distribution of leaving, of somebody who is still alive after their purchases."""
    return frequency + b + (model == "mbg_nbd")


def total(weight: Floats, values: Floats) -> float:
    """Weighted sum. Not by BLAS: its threads cost more than the sum, and the last digits depend on how many there are."""
    return float(np.sum(weight * values))


def purchases(model: ModelName, histories: Histories) -> LogLikelihood:
    """Log-likelihood of (ln r, ln alpha, ln a, ln b)."""
    frequency, recency, age = (_Distinct.of(column) for column in (histories.frequency, histories.recency, histories.age))
    weight, customers = histories.weight, float(histories.weight.sum())
    weight_of_frequency = frequency.sums(weight)
    # under BG/NBD nobody has left before the first repeat purchase
    may_have_left = np.ones(len(weight), dtype=bool) if model == "mbg_nbd" else histories.frequency > 0

    def value(logs: Floats) -> tuple[float, Floats]:
        r, alpha, a, b = np.exp(logs)
        x = frequency.values
        y = survivals(model, x, b)
        log_age, log_recency = np.log(alpha + age.values), np.log(alpha + recency.values)
        exponent = frequency.spread(r + x)
        alive = -exponent * age.spread(log_age)
        # y - 1 is 0 for who has no repeat purchase and cannot have left
        leaving = np.log(a) - np.log(np.where(y > 1, y - 1, 1.0))
        left = np.where(may_have_left, frequency.spread(leaving) - exponent * recency.spread(log_recency), -np.inf)
        either = np.logaddexp(alive, left)
        share_left = np.exp(left - either)
        share_alive = 1 - share_left

        of_frequency = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(y) - gammaln(b) - gammaln(a + y)
        result = total(weight_of_frequency, of_frequency) + total(weight, either)

        left_weight = weight * share_left
        alive_weight = weight * share_alive
        left_of_frequency = frequency.sums(left_weight)
        logs_of_time = total(alive_weight, age.spread(log_age)) + total(left_weight, recency.spread(log_recency))
        inverse = total(alive_weight * exponent, age.spread(1 / (alpha + age.values)))
        inverse += total(left_weight * exponent, recency.spread(1 / (alpha + recency.values)))
        gradient = np.array(
            [
                total(weight_of_frequency, psi(r + x)) + customers * (np.log(alpha) - psi(r)) - logs_of_time,
                customers * r / alpha - inverse,
                customers * psi(a + b) - total(weight_of_frequency, psi(a + y)) + left_weight.sum() / a,
                customers * (psi(a + b) - psi(b))
                + total(weight_of_frequency, psi(y) - psi(a + y))
                - total(left_of_frequency, 1 / np.where(y > 1, y - 1, np.inf)),
            ]
        )
        return result, gradient * np.exp(logs)

    return value


def amounts(spending: Spending) -> LogLikelihood:
    """Log-likelihood of (ln p, ln q, ln gamma), of the mean amount of each customer."""
    count, weight, spent = _Distinct.of(spending.count), spending.weight, spending.total
    weight_of_count, of_counts = count.sums(weight), weight * spending.count
    log_spent = np.log(spent)
    log_mean = log_spent - np.log(spending.count)
    customers, log_means, log_means_of_counts = float(weight.sum()), total(weight, log_mean), total(of_counts, log_mean)

    def value(logs: Floats) -> tuple[float, Floats]:
        p, q, gamma = np.exp(logs)
        n = count.values
        log_whole = np.log(gamma + spent)
        exponent = weight * (p * spending.count + q)
        of_count = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma) + p * n * np.log(n)
        result = total(weight_of_count, of_count) + p * log_means_of_counts - log_means - total(exponent, log_whole)
        gradient = np.array(
            [
                total(weight_of_count * n, psi(p * n + q) - psi(p * n)) + total(of_counts, log_spent - log_whole),
                total(weight_of_count, psi(p * n + q)) + customers * (np.log(gamma) - psi(q)) - total(weight, log_whole),
                customers * q / gamma - total(exponent, 1 / (gamma + spent)),
            ]
        )
        return result, gradient * np.exp(logs)

    return value
