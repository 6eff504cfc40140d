"""How likely purchase histories and amounts are, with slope and curvature, over weighted distinct histories. Fits nothing.

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
from scipy.special import gammaln, polygamma, psi

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
ModelName = Literal["bg_nbd", "mbg_nbd"]

_BLOCK = 16_384  # histories: what is computed of so many stays in the cache of a processor


@dataclass(frozen=True, slots=True)
class Point:
    """The sum of weighted log-likelihoods at some parameters, its gradient and its Hessian."""

    value: float
    gradient: Floats
    hessian: Floats

    def by_logarithms(self, parameters: Floats) -> Point:
        """The same, of the logarithms of `parameters`."""
        gradient = self.gradient * parameters
        return Point(self.value, gradient, self.hessian * np.multiply.outer(parameters, parameters) + np.diag(gradient))


LogLikelihood = Callable[[Floats], Point]  # of the logarithms of the parameters


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
class _Counts:
    """A column of whole numbers by its distinct values: gamma functions are computed once a value, not once a row."""

    values: Floats
    place: Integers
    weight: Floats  # of the rows with each value

    @classmethod
    def of(cls, column: Floats, weight: Floats) -> _Counts:
        whole = column.astype(np.int64)
        is_present = np.bincount(whole) > 0
        place = (np.cumsum(is_present) - 1)[whole]
        return cls(np.flatnonzero(is_present).astype(np.float64), place, np.bincount(place, weights=weight).astype(np.float64))


def survivals(model: ModelName, frequency: Floats, b: float) -> Floats:
    """`b` of the beta distribution of leaving, of somebody who is still alive after their purchases."""
    return frequency + b + (model == "mbg_nbd")


def total(weight: Floats, values: Floats) -> float:
    """Weighted sum. Not by BLAS: its threads cost more than the sum, and the last digits depend on how many there are."""
    return float(np.sum(weight * values))


def purchases(model: ModelName, histories: Histories) -> LogLikelihood:
    """Log-likelihood of (ln r, ln alpha, ln a, ln b)."""
    counts = _Counts.of(histories.frequency, histories.weight)
    blocks = [slice(start, start + _BLOCK) for start in range(0, len(histories.weight), _BLOCK)]

    def at(logs: Floats) -> Point:
        parameters = np.exp(logs)
        r, alpha, a, b = parameters.tolist()
        y = survivals(model, counts.values, b)
        known = _of_counts(counts, y, r, alpha, a, b)
        value, gradient, hessian = known.value, known.gradient, known.hessian
        # under BG/NBD nobody has left before the first repeat purchase
        stays = y - 1 if model == "mbg_nbd" else np.where(counts.values > 0, y - 1, np.inf)
        log_odds, fading = np.log(a) - np.log(stays), -1 / stays
        for block in blocks:
            place = counts.place[block]
            rows = Histories(histories.frequency[block], histories.recency[block], histories.age[block], histories.weight[block])
            found = _of_times(rows, log_odds[place], fading[place], r, alpha, a)
            value, gradient, hessian = value + found.value, gradient + found.gradient, hessian + found.hessian
        return Point(value, gradient, hessian).by_logarithms(parameters)

    return at


def _of_counts(counts: _Counts, y: Floats, r: float, alpha: float, a: float, b: float) -> Point:
    """The part of the log-likelihood that depends on the number of purchases alone, by (r, alpha, a, b)."""
    x, weight, customers = counts.values, counts.weight, float(counts.weight.sum())
    value = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) + gammaln(y) - gammaln(b) - gammaln(a + y)
    by_a = psi(a + b) - psi(a + y)
    gradient = [psi(r + x) - psi(r) + np.log(alpha), np.full(len(x), r / alpha), by_a, by_a + psi(y) - psi(b)]
    hessian = np.zeros((4, 4))
    hessian[0, 0] = total(weight, _trigamma(r + x) - _trigamma(r))
    hessian[0, 1] = hessian[1, 0] = customers / alpha
    hessian[1, 1] = -customers * r / alpha**2
    hessian[2:, 2:] = total(weight, _trigamma(a + b) - _trigamma(a + y))
    hessian[3, 3] += total(weight, _trigamma(y) - _trigamma(b))
    return Point(total(weight, value), np.array([total(weight, part) for part in gradient]), hessian)


def _of_times(rows: Histories, log_odds: Floats, fading: Floats, r: float, alpha: float, a: float) -> Point:
    """The part that depends on when customers bought: -(r + x) ln(alpha + age) for who is alive, and ln(1 + odds of having left).

    `log_odds` are those of leaving at the last purchase, a / (y - 1), and `fading` their derivative by b; time that has passed since
    then multiplies the odds. Sums are by einsum and not by BLAS, see `total`.
    """
    shape, until_now, until_last = r + rows.frequency, alpha + rows.age, alpha + rows.recency
    log_now, per_now, per_last = np.log(until_now), 1 / until_now, 1 / until_last
    # of the logarithm of the odds: derivatives by r, alpha, a (less its factor 1 / a) and b
    slopes = np.empty((4, len(shape)))
    slopes[0] = log_now - np.log(until_last)
    slopes[1] = shape * (per_now - per_last)
    slopes[2] = 1.0
    slopes[3] = fading
    scores = shape * slopes[0] + log_odds
    shrunk = np.exp(-np.abs(scores))
    has_left = np.where(scores > 0, 1.0, shrunk) / (1 + shrunk)
    left = rows.weight * has_left
    weighted_shape = rows.weight * shape
    value = np.einsum("n,n->", rows.weight, np.maximum(scores, 0.0) + np.log(1 + shrunk)) - np.einsum("n,n->", weighted_shape, log_now)
    per_a = np.array([1.0, 1.0, 1 / a, 1.0])
    gradient = np.einsum("in,n->i", slopes, left) * per_a
    hessian = np.einsum("in,jn->ij", slopes * (left * (1 - has_left)), slopes) * np.multiply.outer(per_a, per_a)
    # second derivatives of the logarithm of the odds
    hessian[0, 1] += np.einsum("n,n->", left, per_now - per_last)
    hessian[1, 1] -= np.einsum("n,n,n->", left, slopes[1], per_now + per_last)
    hessian[2, 2] -= gradient[2] / a
    hessian[3, 3] += np.einsum("n,n,n->", left, fading, fading)
    # of who is alive
    gradient[0] -= np.einsum("n,n->", rows.weight, log_now)
    gradient[1] -= np.einsum("n,n->", weighted_shape, per_now)
    hessian[0, 1] -= np.einsum("n,n->", rows.weight, per_now)
    hessian[1, 1] += np.einsum("n,n,n->", weighted_shape, per_now, per_now)
    hessian[1, 0] = hessian[0, 1]
    return Point(float(value), gradient, hessian)


def amounts(spending: Spending) -> LogLikelihood:
    """Log-likelihood of (ln p, ln q, ln gamma), of the mean amount of each customer."""
    counts, weight, spent = _Counts.of(spending.count, spending.weight), spending.weight, spending.total
    of_rows = weight * spending.count
    log_spent = np.log(spent)
    log_mean = log_spent - np.log(spending.count)
    customers, log_means, log_means_of_counts = float(weight.sum()), total(weight, log_mean), total(of_rows, log_mean)
    n, customers_by_count = counts.values, counts.weight

    def at(logs: Floats) -> Point:
        parameters = np.exp(logs)
        p, q, gamma = parameters.tolist()
        log_whole, per_whole = np.log(gamma + spent), 1 / (gamma + spent)
        exponent = p * of_rows + q * weight
        of_count = gammaln(p * n + q) - gammaln(p * n) - gammaln(q) + q * np.log(gamma) + p * n * np.log(n)
        value = total(customers_by_count, of_count) + p * log_means_of_counts - log_means - total(exponent, log_whole)
        gradient = [
            total(customers_by_count * n, psi(p * n + q) - psi(p * n)) + total(of_rows, log_spent - log_whole),
            total(customers_by_count, psi(p * n + q)) + customers * (np.log(gamma) - psi(q)) - total(weight, log_whole),
            customers * q / gamma - total(exponent, per_whole),
        ]
        both = _trigamma(p * n + q)
        by_p_and_q, by_p_and_gamma = total(customers_by_count * n, both), -total(of_rows, per_whole)
        by_q_and_gamma = customers / gamma - total(weight, per_whole)
        hessian = [
            [total(customers_by_count * n**2, both - _trigamma(p * n)), by_p_and_q, by_p_and_gamma],
            [by_p_and_q, total(customers_by_count, both) - customers * float(_trigamma(q)), by_q_and_gamma],
            [by_p_and_gamma, by_q_and_gamma, total(exponent, per_whole**2) - customers * q / gamma**2],
        ]
        return Point(value, np.array(gradient), np.array(hessian)).by_logarithms(parameters)

    return at


def _trigamma(values: Floats | float) -> Floats:
    derivative: Floats = polygamma(1, values)
    return derivative
