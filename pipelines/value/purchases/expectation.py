"""What a fitted model expects of a customer: alive or not, purchases, money, and how far off it may be. Vectors in, vectors out.

What depends on time alone is computed once for each distinct (frequency, age): `Outlook`. All else is closed form.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import gammaincinv

from pipelines.value.purchases.likelihood import Floats, ModelName, survivals

_NODES = 48  # of the integral over the probability to leave: 10 digits for a first purchase of yesterday and a year ahead
_DISCOUNT_NODES = 8  # of the integral over the days of a year
_SMALL = 1e-3  # below it the second moment comes from its series: the difference of three nearly equal numbers has no digits left
_LARGEST_SHAPE = 1e-9


@dataclass(frozen=True, slots=True)
class PurchaseModel:
    """Fitted BG/NBD or MBG/NBD, times in days."""

    name: ModelName
    r: float
    alpha: float
    a: float
    b: float

    def probability_alive(self, frequency: Floats, recency: Floats, age: Floats) -> Floats:
        """Probability that a customer with this history has not left."""
        y = survivals(self.name, frequency, self.b)
        # y - 1 is 0 where nobody can have left
        with np.errstate(divide="ignore"):
            log_odds = np.log(self.a) - np.log(np.maximum(y - 1, 0.0))
            log_odds += (self.r + frequency) * (np.log(self.alpha + age) - np.log(self.alpha + recency))
        if self.name == "bg_nbd":
            log_odds = np.where(frequency > 0, log_odds, -np.inf)
        with np.errstate(over="ignore"):
            alive: Floats = 1 / (1 + np.exp(log_odds))
        return alive

    def probability_of_purchase(self, frequency: Floats, age: Floats, alive: Floats, days: float) -> Floats:
        """Probability of at least one purchase in the next `days`, `alive` given."""
        probability: Floats = -alive * np.expm1((self.r + frequency) * (np.log(self.alpha + age) - np.log(self.alpha + age + days)))
        return probability

    def new_customer_purchases(self, days: Sequence[float]) -> Floats:
        """Purchases expected of somebody in the `days` after the first purchase, not counting it."""
        nothing = np.zeros(1)
        purchases: Floats = expected_if_alive(self, nothing, nothing, days)[0][0] * self.probability_alive(nothing, nothing, nothing)
        return purchases


def expected_if_alive(model: PurchaseModel, frequency: Floats, age: Floats, days: Sequence[float]) -> tuple[Floats, Floats]:
    """Purchases in the next `days` of customers who are alive: first and second factorial moment, one row a customer, one column a horizon.

    An integral over the probability to leave, by Gauss-Jacobi quadrature: the hypergeometric function of the paper loses all digits for
    frequent customers.
    """
    first, second = (np.empty((len(frequency), len(days))) for _ in range(2))
    ends = np.asarray(days, dtype=np.float64)
    order = np.argsort(frequency, kind="stable")
    bounds = np.flatnonzero(np.diff(frequency[order], prepend=np.nan)).tolist()
    for begin, end in zip(bounds, [*bounds[1:], len(order)], strict=True):
        rows = order[begin:end]
        x = float(frequency[rows[0]])
        leaving, weight = _beta_nodes(model.a, float(survivals(model.name, np.array(x), model.b)))
        shape = model.r + x
        for column, length in enumerate(ends):
            q = np.multiply.outer(length / (model.alpha + age[rows]), leaving)
            log_shrunk = -shape * np.log1p(q)
            # einsum and not @: threads of BLAS cost more than this sum, and the last digits depend on how many there are
            first[rows, column] = np.einsum("ij,j->i", -np.expm1(log_shrunk), weight / leaving)
            moment = _second_moment(q, log_shrunk, shape)
            second[rows, column] = np.einsum("ij,j->i", moment, weight * 2 * (1 - leaving) / leaving**2)
    return first, second


def _second_moment(q: Floats, log_shrunk: Floats, shape: float) -> Floats:
    """1 - (1 + q)^-s (1 + s q / (1 + q))."""
    exact = -np.expm1(log_shrunk + np.log1p(shape * q / (1 + q)))
    series = shape * (shape + 1) / 2 * q**2 * (1 - q * (shape + 2) * 2 / 3)
    moment: Floats = np.where((shape + 2) * q < _SMALL, series, exact)
    return moment


def _beta_nodes(a: float, b: float) -> tuple[Floats, Floats]:
    """Nodes and weights of the mean over a beta distribution (Golub and Welsch 1969)."""
    k = np.arange(_NODES, dtype=np.float64)
    left, right = b - 1, a - 1  # exponents of the weight at 1 and at 0
    both = 2 * k + left + right
    with np.errstate(divide="ignore", invalid="ignore"):
        diagonal = (right**2 - left**2) / (both * (both + 2))
        squared = 4 * k * (k + left) * (k + right) * (k + left + right) / (both**2 * (both + 1) * (both - 1))
    diagonal[0] = (right - left) / (left + right + 2)
    # k + left + right and both - 1 are the same for k = 1, and may be 0
    squared[1] = 4 * (1 + left) * (1 + right) / ((2 + left + right) ** 2 * (3 + left + right))
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(squared[1:]))
    leaving: Floats = np.clip((1 + nodes) / 2, 1e-12, 1.0)
    return leaving, vectors[0] ** 2


def discounted_if_alive(model: PurchaseModel, frequency: Floats, age: Floats, days: float, rate: float) -> Floats:
    """Purchases in the next `days` of customers who are alive, each worth less the later it comes: by `rate` a year, to the day."""
    force = np.log1p(rate) / 365
    nodes, weights = np.polynomial.legendre.leggauss(_DISCOUNT_NODES)
    ends = (nodes + 1) / 2 * days
    until, _ = expected_if_alive(model, frequency, age, [*ends.tolist(), days])
    # by parts: what came by each day is known, not what comes on it
    discounted: Floats = until[:, -1] * np.exp(-force * days) + force * days / 2 * np.einsum(
        "ij,j->i", until[:, :-1], weights * np.exp(-force * ends)
    )
    return discounted


@dataclass(frozen=True, slots=True)
class AmountModel:
    """Fitted Gamma-Gamma: the net amount of a paid purchase day."""

    p: float
    q: float
    gamma: float

    def expected_amount(self, count: Floats, total: Floats) -> Floats:
        """Net amount expected of a customer's next paid purchase day, after `count` of them with `total`; of nobody's for 0 and 0."""
        amount: Floats = self.p * (self.gamma + total) / (self.p * count + self.q - 1)
        return amount

    def expected_square(self, count: Floats, total: Floats) -> tuple[Floats, Floats]:
        """Mean of the square of one amount, and of the product of two of the same customer; no number where they have none."""
        shape = self.p * count + self.q
        with np.errstate(divide="ignore", invalid="ignore"):
            inverse_square = np.where(shape > 2 + _LARGEST_SHAPE, ((self.gamma + total) ** 2) / ((shape - 1) * (shape - 2)), np.nan)
        return self.p * (self.p + 1) * inverse_square, self.p**2 * inverse_square


def spending_interval(mean: Floats, mean_square: Floats, probability_of_none: Floats, confidence: float) -> tuple[Floats, Floats]:
    """What a customer's spending stays above and below with equal chance, `confidence` in between.

    Nothing with `probability_of_none`, else a gamma distribution with the given moments. No number where the second moment is none.
    """
    some = np.maximum(1 - probability_of_none, 1e-12)
    conditional_mean = mean / some
    variance = np.maximum(mean_square / some - conditional_mean**2, 1e-12 * conditional_mean**2)
    with np.errstate(divide="ignore", invalid="ignore"):
        shape, scale = conditional_mean**2 / variance, variance / conditional_mean

    def quantile(level: float) -> Floats:
        within = np.maximum(level - probability_of_none, 0.0) / some
        bound: Floats = np.where(within > 0, scale * gammaincinv(shape, within), 0.0)
        return np.where(np.isfinite(mean_square), bound, np.nan)

    return quantile((1 - confidence) / 2), quantile((1 + confidence) / 2)
