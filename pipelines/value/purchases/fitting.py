"""Maximum likelihood: where a log-likelihood is largest, how sure that is, and whether there is such a place at all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pipelines.value.purchases.likelihood import Floats, Histories, LogLikelihood, ModelName, Point, Spending, amounts, purchases, total

PURCHASE_PARAMETERS = ("r", "alpha", "a", "b")
AMOUNT_PARAMETERS = ("p", "q", "gamma")
# of the logarithms, after time and money were scaled to about 1: what lies beyond is a distribution without spread
_BOUND = 12.0
# the mean amount of a customer drawn at random exists above 1
_LEAST_Q = np.log(1.01)
_SAMPLE = 10_000  # distinct histories; a fit to so many is within a few percent of that to all
_LONGEST = 2.0  # step, in logarithms
_STEPS, _QUARTERS = 200, 20  # at most
_NO_GAIN = 1e-13  # beside the log-likelihood; digits end there, and a step that promises so little is the last


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
    if every > 2:
        # rows are in order of frequency, recency and age, so that every so-many-th is like all
        columns = (scaled.frequency, scaled.recency, scaled.age, scaled.weight)
        start, _ = _climb(purchases(model, Histories(*(column[::every] for column in columns))), start, least, most)
    fit = _maximum(purchases(model, scaled), PURCHASE_PARAMETERS, start, least, most)
    # a density of times: in another unit, one factor a purchase
    return _rescaled(fit, "alpha", scale, -repeats * np.log(scale))


def fit_amounts(spending: Spending) -> Fit:
    """Fit Gamma-Gamma. Needs positive totals."""
    scale = total(spending.weight, spending.total) / total(spending.weight, spending.count)
    scaled = Spending(spending.count, spending.total / scale, spending.weight)
    start = np.log(np.array([2.0, 3.0, 1.0]))
    fit = _maximum(amounts(scaled), AMOUNT_PARAMETERS, start, np.array([-_BOUND, _LEAST_Q, -_BOUND]), np.full(3, _BOUND))
    return _rescaled(fit, "gamma", scale, -float(spending.weight.sum()) * np.log(scale))


def _maximum(log_likelihood: LogLikelihood, names: tuple[str, ...], start: Floats, least: Floats, most: Floats) -> Fit:
    found, point = _climb(log_likelihood, start, least, most)
    free = (found > least + 1e-3) & (found < most - 1e-3)
    errors = _standard_errors(point.hessian, free)
    values = np.exp(found)
    return Fit(
        dict(zip(names, values.tolist(), strict=True)),
        {name: None if not np.isfinite(error) else float(value * error) for name, value, error in zip(names, values, errors, strict=True)},
        point.value,
        tuple(name for name, is_free in zip(names, free, strict=True) if not is_free),
    )


def _climb(log_likelihood: LogLikelihood, start: Floats, least: Floats, most: Floats) -> tuple[Floats, Point]:
    """The maximum, by Newton's steps that lead up: they end so near to it that the result does not depend on the way."""
    found, point = start, log_likelihood(start)
    for _ in range(_STEPS):
        step = _uphill(point, is_open=(found > least) & (point.gradient < 0) | (found < most) & (point.gradient > 0))
        for _ in range(_QUARTERS):
            reached = log_likelihood(np.clip(found + step, least, most))
            if reached.value >= point.value - _NO_GAIN * abs(point.value):
                break
            step = step / 4
        else:
            break
        promised = float(np.sum(point.gradient * step))
        found, point = np.clip(found + step, least, most), reached
        if promised <= _NO_GAIN * abs(point.value):
            break
    return found, point


def _uphill(point: Point, is_open: np.ndarray) -> Floats:
    """Newton's step for the parameters that are open, as long as _LONGEST at most; where curvature points the wrong way, turned round."""
    step = np.zeros_like(point.gradient)
    if is_open.any():
        curvatures, directions = np.linalg.eigh(point.hessian[np.ix_(is_open, is_open)])
        sizes = np.maximum(np.abs(curvatures), 1e-12 * np.abs(curvatures).max() + 1e-300)
        step[is_open] = directions @ (directions.T @ point.gradient[is_open] / sizes)
    return step * min(1.0, _LONGEST / max(float(np.abs(step).max()), 1e-300))


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
