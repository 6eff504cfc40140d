"""How large a test must be, and what it can show, before it begins. Numbers in, numbers out; reads nothing.

The read-out compares means by Welch's test (`macros/experiments.sql`), whose standard error is that of the difference, not pooled:

    SE^2 = variance_treated / n_treated + variance_control / n_control

so a lift is shown with the wanted power from (z[(1 + confidence) / 2] + z[power]) * SE on. For shares this is the sample size formula of
Chow, Shao and Wang, Sample Size Calculations in Clinical Research, 2nd ed. 2008, section 4.2 ("two-sample parallel design, test for
equality"), for means that of section 3.2; both with group sizes that may differ. The normal deviate stands for Student's: arms of
fewer than 30 customers are not read out anyway.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Rate:
    """A share of customers who do something: its spread follows from its size."""

    base: float

    def variance(self, lift: float) -> float:
        """Variance among customers whose rate is higher by `lift`."""
        return (self.base + lift) * (1 - self.base - lift)


@dataclass(frozen=True, slots=True)
class Amount:
    """Something measured on each customer, such as money: the spread is given, and the same in both groups."""

    base: float
    spread: float

    def variance(self, lift: float) -> float:  # noqa: ARG002 - the same for each
        """Variance among customers, whatever the lift."""
        return self.spread**2


Measure = Rate | Amount


def deviates(confidence: float, power: float) -> float:
    """Standard errors that a true lift must have: those of the test, two-sided, and those of its power."""
    return _NORMAL.inv_cdf((1 + confidence) / 2) + _NORMAL.inv_cdf(power)


def smallest_lift(measure: Measure, treated: int, control: int, *, confidence: float, power: float) -> float | None:
    """The smallest true rise over the base that a test of this size shows with this power; None where a rate cannot rise that far.

    The root of lift^2 = k^2 * (variance(lift) / treated + variance(0) / control); of a rate the variance changes with the lift.
    """
    if treated <= 0 or control <= 0:
        return None
    squared = deviates(confidence, power) ** 2
    if isinstance(measure, Amount):
        return math.sqrt(squared * measure.variance(0) * (1 / treated + 1 / control))
    rest = squared * measure.variance(0) * (1 / treated + 1 / control)
    slope = squared * (1 - 2 * measure.base) / treated
    curve = 1 + squared / treated
    lift = (slope + math.sqrt(slope**2 + 4 * curve * rest)) / (2 * curve)
    return lift if measure.base + lift <= 1 else None


def power_of(measure: Measure, lift: float, treated: int, control: int, *, confidence: float) -> float:
    """Chance that a test of this size shows this true lift; with no lift, the chance of being wrong."""
    error = math.sqrt(measure.variance(lift) / treated + measure.variance(0) / control)
    limit = _NORMAL.inv_cdf((1 + confidence) / 2)
    if error == 0:
        return 1.0 if lift else 1 - confidence
    return _NORMAL.cdf(lift / error - limit) + _NORMAL.cdf(-lift / error - limit)


def needed_customers(
    measure: Measure, lift: float, treated_share: float, control_share: float, *, confidence: float, power: float
) -> int | None:
    """Customers in all, of whom these shares are in the two groups, that show this true lift; None where a rate cannot change so much."""
    if lift == 0 or (isinstance(measure, Rate) and not 0 <= measure.base + lift <= 1):
        return None
    spread = measure.variance(lift) / treated_share + measure.variance(0) / control_share
    # a division that ends a hair above a whole number must not ask for one customer more
    return max(math.ceil(deviates(confidence, power) ** 2 * spread / lift**2 - 1e-9), 1)
