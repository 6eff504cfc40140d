"""Expectations against integrals over rates and probabilities to leave that share no formula with them, and against simulated lives."""

from __future__ import annotations

import itertools
from typing import Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, special, stats

from pipelines.value.purchases.expectation import (
    AmountModel,
    PurchaseModel,
    discounted_if_alive,
    expected_if_alive,
    spending_interval,
)
from pipelines.value.purchases.likelihood import Histories, Spending, amounts, purchases

Name = Literal["bg_nbd", "mbg_nbd"]
NAMES: tuple[Name, ...] = ("bg_nbd", "mbg_nbd")
MODELS = [
    PurchaseModel("bg_nbd", 0.25, 4.4, 0.8, 2.4),
    PurchaseModel("mbg_nbd", 0.5, 6.2, 0.9, 1.6),
    PurchaseModel("bg_nbd", 1.7, 40.0, 1.3, 9.0),
    PurchaseModel("mbg_nbd", 0.9, 30.0, 0.05, 0.4),
]
HISTORIES = [(0.0, 0.0, 0.0), (0.0, 0.0, 38.86), (1.0, 3.0, 40.0), (2.0, 30.43, 38.86), (6.0, 29.0, 30.0), (9.0, 10.0, 60.0)]


def brute_likelihood(model: PurchaseModel, x: float, t_x: float, age: float) -> float:
    """The individual likelihood, mixed over both distributions on a grid of their quantiles: slow, plain, and good to six digits."""

    def given_rate(rate: float) -> float:
        k = x + (model.name == "mbg_nbd")

        def given_leaving(u: float) -> float:
            # u = p^a takes the pole of the beta density at 0 away
            p = u ** (1 / model.a)
            density = (1 - p) ** (model.b - 1) / special.beta(model.a, model.b) / model.a
            stays = (1 - p) ** k * rate**x * np.exp(-rate * age)
            may_leave = model.name == "mbg_nbd" or x > 0
            leaves = p * (1 - p) ** (k - 1) * rate**x * np.exp(-rate * t_x) if may_leave else 0.0
            return float(density * (stays + leaves))

        return float(integrate.quad(given_leaving, 0, 1, epsabs=0, epsrel=1e-8, limit=200)[0])

    mixed = integrate.quad(
        lambda w: given_rate(w ** (1 / model.r)) * np.exp(-model.alpha * w ** (1 / model.r)),
        0,
        (60 / model.alpha) ** model.r,
        epsabs=0,
        epsrel=1e-8,
        limit=200,
    )
    return float(mixed[0] * model.alpha**model.r / special.gamma(model.r) / model.r)


@pytest.mark.parametrize("model", MODELS[:3], ids=lambda model: f"{model.name}-{model.r}")
@pytest.mark.parametrize("history", HISTORIES[1:5])
def test_likelihood_is_the_mixture_over_rates_and_leaving(model: PurchaseModel, history: tuple[float, float, float]) -> None:
    columns = [np.array([value]) for value in history]
    logs = np.log([model.r, model.alpha, model.a, model.b])
    value = purchases(model.name, Histories(*columns, np.ones(1)))(logs).value
    assert value == pytest.approx(np.log(brute_likelihood(model, *history)), abs=2e-6)


@given(
    name=st.sampled_from(NAMES),
    logs=st.lists(st.floats(-2.5, 3.0), min_size=4, max_size=4),
    rows=st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1), st.floats(0.1, 500), st.integers(1, 9)), min_size=1, max_size=8),
)
def test_derivatives_of_purchases_are_those_of_the_likelihood(
    name: Name, logs: list[float], rows: list[tuple[int, float, float, int]]
) -> None:
    frequency, share, age, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    value = purchases(name, Histories(frequency, np.where(frequency > 0, share * age, 0.0), age, weight))
    at, steps = np.array(logs), 1e-5 * np.eye(4)
    around = [(value(at + step), value(at - step)) for step in steps]
    slope = [(up.value - down.value) / 2e-5 for up, down in around]
    curvature = np.array([(up.gradient - down.gradient) / 2e-5 for up, down in around])
    assert value(at).gradient == pytest.approx(slope, rel=1e-4, abs=1e-3)
    assert value(at).hessian == pytest.approx(curvature, rel=1e-4, abs=1e-3)


@given(
    logs=st.lists(st.floats(-1.0, 3.0), min_size=3, max_size=3),
    rows=st.lists(st.tuples(st.integers(1, 40), st.floats(0.01, 500), st.integers(1, 9)), min_size=1, max_size=8),
)
def test_derivatives_of_amounts_are_those_of_the_likelihood(logs: list[float], rows: list[tuple[int, float, int]]) -> None:
    count, mean, weight = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    value = amounts(Spending(count, count * mean, weight))
    at, steps = np.array(logs), 1e-5 * np.eye(3)
    around = [(value(at + step), value(at - step)) for step in steps]
    slope = [(up.value - down.value) / 2e-5 for up, down in around]
    curvature = np.array([(up.gradient - down.gradient) / 2e-5 for up, down in around])
    assert value(at).gradient == pytest.approx(slope, rel=1e-4, abs=1e-3)
    assert value(at).hessian == pytest.approx(curvature, rel=1e-4, abs=1e-3)


def test_likelihood_of_a_weight_is_that_of_as_many_rows() -> None:
    once = Histories(np.array([2.0, 0.0]), np.array([5.0, 0.0]), np.array([9.0, 4.0]), np.array([3.0, 2.0]))
    each = Histories(*(np.repeat(column, [3, 2]) for column in (once.frequency, once.recency, once.age)), np.ones(5))
    logs = np.log([0.5, 5.0, 0.9, 2.0])
    assert purchases("mbg_nbd", once)(logs).value == pytest.approx(purchases("mbg_nbd", each)(logs).value, rel=1e-13)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name}-{model.r}")
@pytest.mark.filterwarnings("ignore::scipy.integrate.IntegrationWarning")
@pytest.mark.parametrize("days", [1.0, 30.0, 365.0])
def test_expected_purchases_are_the_integral_over_the_probability_to_leave(model: PurchaseModel, days: float) -> None:
    for x, _, age in [*HISTORIES, (80.0, 0.0, 200.0), (700.0, 0.0, 730.0)]:
        y = model.b + x + (model.name == "mbg_nbd")
        shape = model.r + x

        def given(u: float, y: float = y, shape: float = shape, age: float = age) -> float:
            p = u ** (1 / model.a)
            density = np.exp((y - 1) * np.log1p(-p) - special.betaln(model.a, y)) / model.a
            slope = shape * days / (model.alpha + age)  # of who never leaves
            return float(density * ((1 - (1 + p * days / (model.alpha + age)) ** -shape) / p if p * slope > 1e-9 else slope))

        typical = (model.a / (model.a + y)) ** model.a
        pieces = [0.0, *sorted({min(0.99, typical * factor) for factor in (0.1, 1, 3, 8)}), 1.0]
        integral = sum(
            integrate.quad(given, left, right, epsabs=1e-12, epsrel=1e-8, limit=300)[0] for left, right in itertools.pairwise(pieces)
        )
        first, _ = expected_if_alive(model, np.array([x]), np.array([age]), [days])
        assert first[0, 0] == pytest.approx(integral, rel=1e-6), (x, age)


@pytest.mark.parametrize("model", MODELS[:2], ids=lambda model: model.name)
def test_expected_purchases_are_those_of_the_papers(model: PurchaseModel) -> None:
    """The closed form with the hypergeometric function, where that has digits."""
    for x, _, age in HISTORIES[1:]:
        y = model.b + x + (model.name == "mbg_nbd")
        z = 39 / (model.alpha + age + 39)
        shrunk = ((model.alpha + age) / (model.alpha + age + 39)) ** (model.r + x)
        closed = (model.a + y - 1) / (model.a - 1) * (1 - shrunk * special.hyp2f1(model.r + x, y, model.a + y - 1, z))
        first, _ = expected_if_alive(model, np.array([x]), np.array([age]), [39.0])
        assert first[0, 0] == pytest.approx(closed, rel=1e-9)


@pytest.mark.parametrize("model", MODELS, ids=lambda model: f"{model.name}-{model.r}")
def test_moments_are_those_of_simulated_lives(model: PurchaseModel) -> None:
    x, age, days, people = 3.0, 30.0, 120.0, 200_000
    random = np.random.default_rng(11)
    rate = random.gamma(model.r + x, 1 / (model.alpha + age), people)
    leaving = random.beta(model.a, model.b + x + (model.name == "mbg_nbd"), people)
    count, alive, when = np.zeros(people), np.ones(people, dtype=bool), np.zeros(people)
    while alive.any():
        when += random.exponential(1 / rate)
        alive &= when < days
        count += alive
        alive &= random.random(people) >= leaving
    first, second = expected_if_alive(model, np.array([x]), np.array([age]), [days])
    pairs = count * (count - 1)
    assert first[0, 0] == pytest.approx(count.mean(), abs=4 * count.std() / people**0.5)
    assert second[0, 0] == pytest.approx(pairs.mean(), abs=4 * pairs.std() / people**0.5)
    none = 1 - model.probability_of_purchase(np.array([x]), np.array([age]), np.ones(1), days)[0]
    assert none == pytest.approx((count == 0).mean(), abs=0.005)


def test_who_bought_once_under_bg_nbd_is_alive_and_under_mbg_nbd_may_be_gone() -> None:
    zero, age = np.zeros(3), np.array([0.0, 30.0, 3000.0])
    assert MODELS[0].probability_alive(zero, zero, age).tolist() == [1.0, 1.0, 1.0]
    alive = MODELS[1].probability_alive(zero, zero, age)
    assert (np.diff(alive) < 0).all() and 0 < alive[2] < alive[0] < 1


def test_probability_alive_is_bayes_of_the_two_ways_to_have_this_history() -> None:
    model = MODELS[0]
    frequency, recency, age = np.array([4.0]), np.array([20.0]), np.array([50.0])
    # still alive at `age` is the history whose last purchase was followed by silence; alive for sure when recency is age
    whole = brute_likelihood(model, 4.0, 20.0, 50.0)
    stays, _ = integrate.quad(lambda rate: rate**4 * np.exp(-rate * 50) * stats.gamma.pdf(rate, model.r, scale=1 / model.alpha), 0, 20)
    stays *= special.beta(model.a, model.b + 4) / special.beta(model.a, model.b)
    assert model.probability_alive(frequency, recency, age)[0] == pytest.approx(stays / whole, rel=1e-5)


def test_twenty_years_and_a_purchase_every_day_are_numbers() -> None:
    frequency, recency, age = np.array([0.0, 7000.0, 7000.0, 3.0]), np.array([0.0, 7300.0, 10.0, 3.0]), np.full(4, 7300.0)
    for model in MODELS:
        alive = model.probability_alive(frequency, recency, age)
        first, second = expected_if_alive(model, frequency, age, [30, 90, 365])
        assert np.isfinite(first).all() and np.isfinite(second).all() and (np.diff(first, axis=1) > 0).all()
        assert ((alive >= 0) & (alive <= 1)).all()


def test_discounting_by_nothing_changes_nothing_and_by_the_day_is_a_sum_over_days() -> None:
    model, frequency, age = MODELS[0], np.array([0.0, 5.0]), np.array([10.0, 100.0])
    undiscounted = expected_if_alive(model, frequency, age, [365])[0][:, 0]
    assert discounted_if_alive(model, frequency, age, 365, 0.0) == pytest.approx(undiscounted, rel=1e-12)
    by_day = expected_if_alive(model, frequency, age, list(range(366)))[0]
    worth = 1.1 ** (-(np.arange(365) + 0.5) / 365)
    assert discounted_if_alive(model, frequency, age, 365, 0.10) == pytest.approx(np.diff(by_day, axis=1) @ worth, rel=1e-6)


def test_expected_amount_is_the_mean_over_what_the_customer_may_be() -> None:
    model, count, total = AmountModel(6.25, 3.74, 15.44), np.array([2.0]), np.array([90.0])
    means = model.p / stats.gamma.rvs(model.p * 2 + model.q, scale=1 / (model.gamma + 90), size=400_000, random_state=3)
    assert model.expected_amount(count, total)[0] == pytest.approx(means.mean(), rel=0.002)
    square, product = model.expected_square(count, total)
    assert product[0] == pytest.approx((means**2).mean(), rel=0.01)
    assert square[0] == pytest.approx((means**2).mean() * (1 + 1 / model.p), rel=0.01)


def test_nine_of_ten_customers_spend_within_their_interval() -> None:
    """Lives and amounts drawn as the models say: the tenth outside is above, as long as most spend nothing."""
    model, spend, random, people = MODELS[2], AmountModel(6.0, 4.0, 300.0), np.random.default_rng(5), 40_000
    x, t_x, age, total = 3.0, 80.0, 100.0, 400.0
    rate, leaving = random.gamma(model.r + x, 1 / (model.alpha + age), people), random.beta(model.a, model.b + x, people)
    own = random.gamma(spend.p * 4 + spend.q, 1 / (spend.gamma + total), people)
    alive = model.probability_alive(np.array([x]), np.array([t_x]), np.array([age]))
    living, when, spent = random.random(people) < alive[0], np.zeros(people), np.zeros(people)
    while living.any():
        when += random.exponential(1 / rate)
        living &= when < 365
        spent += np.where(living, random.gamma(spend.p, 1 / own), 0.0)
        living &= random.random(people) >= leaving
    first, second = expected_if_alive(model, np.array([x]), np.array([age]), [365])
    square, product = spend.expected_square(np.array([4.0]), np.array([total]))
    mean = alive * first[:, 0] * spend.expected_amount(np.array([4.0]), np.array([total]))
    mean_square = alive * (first[:, 0] * square + second[:, 0] * product)
    assert mean[0] == pytest.approx(spent.mean(), rel=0.03)
    assert mean_square[0] == pytest.approx((spent**2).mean(), rel=0.08)
    none = 1 - model.probability_of_purchase(np.array([x]), np.array([age]), alive, 365)
    low, high = spending_interval(mean, mean_square, none, 0.9)
    assert np.mean(spent < low[0]) <= 0.05 + 0.01
    assert np.mean(spent > high[0]) == pytest.approx(0.05, abs=0.01)
