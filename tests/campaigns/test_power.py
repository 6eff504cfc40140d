"""Power before launch: published sample sizes, the exact binomial, simulated tests, and the read-out's own formula."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from pipelines.campaigns import Amount, Design, Rate, compare, holdout_share, needed_customers, power_of, smallest_lift
from tests.dbt.test_marketing import Statistics

USUAL = {"confidence": 0.95, "power": 0.8}


def test_published_size_for_shares() -> None:
    """Chow, Shao and Wang 2008, example 4.2.4: 0.65 against 0.85 takes 70 in each group."""
    assert needed_customers(Rate(0.65), 0.2, 0.5, 0.5, **USUAL) == pytest.approx(2 * 70, abs=1)


@pytest.mark.parametrize(("effect", "each"), [(0.2, 393), (0.3, 175), (0.4, 99), (0.5, 64), (0.6, 45), (0.8, 26)])
def test_published_sizes_for_means(effect: float, each: int) -> None:
    """Cohen 1988, table 2.4.1, two-sided 5 %, power 80 %: with Student's t, which takes one or two customers more."""
    found = needed_customers(Amount(base=100, spread=1), effect, 0.5, 0.5, **USUAL)
    assert found is not None and 0 <= each - found / 2 <= 2


def test_a_rate_that_would_pass_one_cannot_be_shown() -> None:
    """The manual of R's power.prop.test: from 0.9, 30 in each group show nothing below 1, which takes more than twice as many."""
    assert smallest_lift(Rate(0.9), 30, 30, **USUAL) is None
    assert smallest_lift(Rate(0.9), 74, 74, **USUAL) is not None
    assert needed_customers(Rate(0.9), 0.2, 0.5, 0.5, **USUAL) is None
    assert needed_customers(Rate(0.1), -0.2, 0.5, 0.5, **USUAL) is None


def exact_power(base: float, lift: float, treated: int, control: int) -> float:
    """Every outcome of two binomials, judged by the test on the difference that the read-out uses."""
    ones, others = np.arange(treated + 1), np.arange(control + 1)
    weights = np.outer(stats.binom.pmf(ones, treated, base + lift), stats.binom.pmf(others, control, base))
    p, q = ones[:, None] / treated, others[None, :] / control
    error = np.sqrt(p * (1 - p) / treated + q * (1 - q) / control)
    with np.errstate(divide="ignore", invalid="ignore"):
        deviate = np.abs(p - q) / error
    return float(weights[np.nan_to_num(deviate, nan=0, posinf=np.inf) > stats.norm.ppf(0.975)].sum())


@pytest.mark.parametrize("base", [0.05, 0.2, 0.5])
@pytest.mark.parametrize(("treated", "control"), [(800, 800), (2_400, 600), (600, 2_400)])
def test_smallest_lift_has_the_wanted_power_exactly(base: float, treated: int, control: int) -> None:
    lift = smallest_lift(Rate(base), treated, control, **USUAL)
    assert lift is not None
    assert exact_power(base, lift, treated, control) == pytest.approx(0.8, abs=0.03)
    assert power_of(Rate(base), lift, treated, control, confidence=0.95) == pytest.approx(0.8, abs=1e-4)
    assert exact_power(base, lift * 0.8, treated, control) < 0.7


def test_smallest_lift_in_money_is_found_as_often_as_promised() -> None:
    """600 simulated tests of a skewed amount, most of it nothing, read by Welch's test."""
    draw = np.random.default_rng(5)

    def spent(count: int) -> np.ndarray:
        return np.where(draw.random(count) < 0.15, draw.gamma(2, 60, count), 0.0)

    many = spent(400_000)
    lift = smallest_lift(Amount(float(many.mean()), float(many.std())), 1_800, 600, **USUAL)
    assert lift is not None
    shown = [stats.ttest_ind(spent(1_800) + lift, spent(600), equal_var=False).pvalue < 0.05 for _ in range(600)]
    assert np.mean(shown) == pytest.approx(0.8, abs=4 * math.sqrt(0.16 / 600))


def test_plan_and_read_out_promise_the_same() -> None:
    """What `plan` says of a test before, the mart says of it afterwards."""
    bought = [1.0] * 40 + [0.0] * 760, [1.0] * 10 + [0.0] * 190
    row = Statistics().compare({"t": {"mail": bought[0], "held_out": bought[1]}})["t", "mail", "held_out"]
    spread = (row["standard_deviation"], row["against_standard_deviation"])
    assert spread == pytest.approx((np.std(bought[0], ddof=1), np.std(bought[1], ddof=1)))
    planned = smallest_lift(Amount(0.05, spread[1]), 800, 200, **USUAL)
    assert planned == pytest.approx(row["smallest_detectable_difference"], rel=0.005)


@pytest.mark.parametrize("measure", [Rate(0.08), Amount(12.0, 55.0)])
def test_size_and_lift_are_inverse(measure: Rate | Amount) -> None:
    for treated, control in ((0.9, 0.1), (0.5, 0.5), (0.3, 0.2)):
        lift = smallest_lift(measure, round(20_000 * treated), round(20_000 * control), **USUAL)
        assert lift is not None
        assert needed_customers(measure, lift, treated, control, **USUAL) == pytest.approx(20_000, abs=2)


def test_without_a_lift_the_test_is_wrong_as_often_as_allowed() -> None:
    assert power_of(Rate(0.1), 0, 500, 300, confidence=0.95) == pytest.approx(0.05)
    assert power_of(Rate(0.0), 0, 500, 300, confidence=0.95) == pytest.approx(0.05)
    assert needed_customers(Rate(0.1), 0, 0.5, 0.5, **USUAL) is None
    assert smallest_lift(Rate(0.1), 100, 0, **USUAL) is None


def test_design_holds_out_as_the_gate_does_and_compares_every_pair() -> None:
    from decimal import Decimal

    share = holdout_share(Decimal("0.05"), Decimal("0.10"))
    assert share == pytest.approx(0.145)
    design = Design(10_000, share, {"reminder": 0.5, "coupon": 0.5}, **USUAL)
    found = compare(design, Rate(0.04), 0.01)
    assert [(one.arm, one.against_arm) for one in found] == [("coupon", "held_out"), ("reminder", "held_out"), ("reminder", "coupon")]
    assert [(one.customers, one.against_customers) for one in found] == [(4_275, 1_450), (4_275, 1_450), (4_275, 4_275)]
    # the wanted lift is below what this size shows against the small holdout, so it takes more customers
    assert found[0].smallest_lift is not None and found[0].smallest_lift > 0.01
    assert found[0].needed is not None and found[0].needed > 10_000
    assert compare(Design(100, 0.0, {}, **USUAL), Rate(0.1), None) == ()
