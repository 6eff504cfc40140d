"""Maximum likelihood: where a log-likelihood is largest, how sure that is, and whether there is such a place at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from pipelines.value.purchases.likelihood import Floats, Histories, LogLikelihood, ModelName, Spending, amounts, purchases, total

PURCHASE_PARAMETERS = ("r", "alpha", "a", "b")
AMOUNT_PARAMETERS = ("p", "q", "gamma")
# of the logarithms, after time and money were scaled to about 1: what lies beyond is a distribution without spread
_BOUND = 12.0
# the mean amount of a customer drawn at random exists above 1
_LEAST_Q = np.log(1.01)
_SAMPLE = 10_000  # distinct histories; a fit to so many is within a few percent of that to all, from where Newton goes on
_FLAT = 1e-9  # slope beside the log-likelihood at which a place is the maximum
_STEP = 1e-5  # of central differences: gradients are exact to 1e-12, so that the Hessian is to 1e-7


@dataclass(frozen=True, slots=True)
class Fit:
    """Parameters by name with their standard errors (None where the likelihood is flat), and the log-likelihood."""

    parameters: dict[str, float]
    standard_errors: dict[str, float | None]
    log_likelihood: float
    at_bound: tuple[str, ...]  # parameters without a finite estimate: their distribution has no spread that the data show


def fit_purchases(model: ModelName, histories: Histories) -> Fit:
    """Fit BG/NBD or MBG/NBD. Needs at least one repeat purchase."""
    scale = total(histories.weight, histories.age) / float(histories.weight.sum()) or 1.0
    scaled = Histories(histories.frequency, histories.recency / scale, histories.age / scale, histories.weight)
    repeats = total(histories.weight, histories.frequency)
    least, most, start = np.full(4, -_BOUND), np.full(4, _BOUND), np.zeros(4)
    every = -(-len(histories.weight) // _SAMPLE)
    is_sampled = every > 2
    if is_sampled:
        # rows are in order of frequency, recency and age, so that every so-many-th is like all
        columns = (scaled.frequency, scaled.recency, scaled.age, scaled.weight)
        start = _ascent(purchases(model, Histories(*(column[::every] for column in columns))), start, least, most)
    fit = _maximum(purchases(model, scaled), PURCHASE_PARAMETERS, start, least, most, is_near=is_sampled)
    # a density of times: in another unit, one factor a purchase
    return _rescaled(fit, "alpha", scale, -repeats * np.log(scale))


def fit_amounts(spending: Spending) -> Fit:
    """Fit Gamma-Gamma. Needs positive totals."""
    scale = total(spending.weight, spending.total) / total(spending.weight, spending.count)
    scaled = Spending(spending.count, spending.total / scale, spending.weight)
    start = np.log(np.array([2.0, 3.0, 1.0]))
    fit = _maximum(amounts(scaled), AMOUNT_PARAMETERS, start, np.array([-_BOUND, _LEAST_Q, -_BOUND]), np.full(3, _BOUND))
    return _rescaled(fit, "gamma", scale, -float(spending.weight.sum()) * np.log(scale))


def _ascent(log_likelihood: LogLikelihood, start: Floats, least: Floats, most: Floats) -> Floats:
    customers = max(1.0, -log_likelihood(start)[0])

    def cost(logs: Floats) -> tuple[float, Floats]:
        value, gradient = log_likelihood(logs)
        return -value / customers, -gradient / customers

    bounds = list(zip(least, most, strict=True))
    options = {"maxiter": 1000, "ftol": 1e-15, "gtol": 1e-10}
    found: Floats = minimize(cost, start, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    return found


def _maximum(
    log_likelihood: LogLikelihood, names: tuple[str, ...], start: Floats, least: Floats, most: Floats, *, is_near: bool = False
) -> Fit:
    """The maximum from `start`; where that is near, without climbing there first, unless it turns out not to be."""
    found = start if is_near else _ascent(log_likelihood, start, least, most)
    free = _is_free(found, least, most)
    found, hessian = _polished(log_likelihood, found, free)
    if is_near and np.abs(log_likelihood(found)[1]).max() > _FLAT * abs(log_likelihood(found)[0]):
        return _maximum(log_likelihood, names, start, least, most)
    errors = _standard_errors(hessian, free)
    values = np.exp(found)
    return Fit(
        dict(zip(names, values.tolist(), strict=True)),
        {name: None if not np.isfinite(error) else float(value * error) for name, value, error in zip(names, values, errors, strict=True)},
        log_likelihood(found)[0],
        tuple(name for name, is_free in zip(names, free, strict=True) if not is_free),
    )


def _is_free(logs: Floats, least: Floats, most: Floats) -> np.ndarray:
    return (logs > least + 1e-3) & (logs < most - 1e-3)


def _polished(log_likelihood: LogLikelihood, found: Floats, free: np.ndarray) -> tuple[Floats, Floats]:
    """Newton's steps as long as they lead up: the result then does not depend on the way. A Hessian serves as long as steps are small."""
    measured, hessian = found, _hessian(log_likelihood, found)
    value, gradient = log_likelihood(found)
    for _ in range(20):
        inner = hessian[np.ix_(free, free)]
        if not free.any() or np.linalg.cond(inner) > 1e10:
            break
        step = np.zeros_like(found)
        step[free] = np.linalg.solve(inner, gradient[free])
        candidate = found - step
        size, (reached, slope) = np.abs(step).max(), log_likelihood(candidate)
        if size > 0.3 or reached < value - 1e-12 * abs(value):
            break
        found, value, gradient = candidate, reached, slope
        if size < 1e-10:
            break
        if size > 0.05:
            measured, hessian = found, _hessian(log_likelihood, found)
    return found, hessian if np.abs(found - measured).max() < 1e-6 else _hessian(log_likelihood, found)


def _hessian(log_likelihood: LogLikelihood, logs: Floats) -> Floats:
    columns = []
    for place in range(len(logs)):
        step = np.zeros_like(logs)
        step[place] = _STEP
        columns.append((log_likelihood(logs + step)[1] - log_likelihood(logs - step)[1]) / (2 * _STEP))
    matrix = np.array(columns)
    symmetric: Floats = (matrix + matrix.T) / 2
    return symmetric


def _standard_errors(hessian: Floats, free: np.ndarray) -> Floats:
    """Of the logarithms, from the curvature; infinite where there is none."""
    errors = np.full(len(free), np.inf)
    inner = -hessian[np.ix_(free, free)]
    if free.any() and np.linalg.cond(inner) < 1e14:
        variances = np.diag(np.linalg.inv(inner))
        errors[free] = np.sqrt(np.where(variances > 0, variances, np.inf))
    return errors


def _rescaled(fit: Fit, name: str, scale: float, log_jacobian: float) -> Fit:
    error = fit.standard_errors[name]
    return Fit(
        fit.parameters | {name: fit.parameters[name] * scale},
        fit.standard_errors | {name: None if error is None else error * scale},
        fit.log_likelihood + log_jacobian,
        fit.at_bound,
    )
