"""Purchases are BG/NBD and spend is Gamma-Gamma with the parameters of the spec: they can be found again."""

from __future__ import annotations

import dataclasses
from datetime import date

import numpy as np
import pytest

from pipelines.simulate.catalog import build_catalog
from pipelines.simulate.draws import Draws
from pipelines.simulate.people import NEVER, draw_people
from pipelines.simulate.purchases import draw_lines, draw_orders
from pipelines.simulate.seasons import Seasons
from pipelines.simulate.spec import DAY_SECONDS, SimulationSpec

SPEC = SimulationSpec(
    customers=40_000, days=120, seed=5, first_day=date(2026, 1, 1), unpaid_share=0.0, gift_share=0.0, recycled_phone_share=0.0
)


@pytest.fixture(scope="module")
def drawn():
    draws, seasons = Draws(SPEC.seed), Seasons(SPEC)
    people = draw_people(SPEC, draws, 0, SPEC.customers)
    return draws, seasons, people, draw_orders(SPEC, draws, seasons, people)


def test_rates_are_gamma_and_dropouts_beta(drawn):
    _, _, people, _ = drawn
    mean, variance = people.rate_per_day.mean(), people.rate_per_day.var()
    assert mean == pytest.approx(SPEC.rate_shape * SPEC.rate_scale_per_day, rel=0.03)
    assert variance == pytest.approx(SPEC.rate_shape * SPEC.rate_scale_per_day**2, rel=0.06)
    a, b = SPEC.dropout_a, SPEC.dropout_b
    assert people.dropout.mean() == pytest.approx(a / (a + b), rel=0.03)
    assert people.dropout.var() == pytest.approx(a * b / ((a + b) ** 2 * (a + b + 1)), rel=0.06)


def test_repeat_orders_are_a_gamma_poisson_mixture_while_alive():
    """Without dropout the counts over one exposure have mean r*s*t and variance r*s*t*(1 + s*t)."""
    spec = dataclasses.replace(SPEC, dropout_a=1e-6, dropout_b=1e6, prospect_share=0.0)
    draws, seasons = Draws(spec.seed), Seasons(spec)
    people = draw_people(spec, draws, 0, spec.customers)
    people = dataclasses.replace(people, start=np.zeros(len(people)))
    orders = draw_orders(spec, draws, seasons, people)
    first = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first, orders.row, orders.at)
    at_once = first < DAY_SECONDS  # who buys on the first day is exposed for the whole time
    repeats = np.bincount(orders.row, minlength=len(people))[at_once] - 1
    expected = spec.rate_shape * spec.rate_scale_per_day * spec.days
    assert repeats.mean() == pytest.approx(expected, rel=0.03)
    assert repeats.var() == pytest.approx(expected * (1 + spec.rate_scale_per_day * spec.days), rel=0.08)


def test_people_leave_after_an_order_with_their_dropout_probability(drawn):
    """Of those with time for many orders, the share with a single one is the mean dropout probability."""
    _, _, people, orders = drawn
    count = np.bincount(orders.row, minlength=len(people))
    first = np.full(len(people), np.iinfo(np.int64).max)
    np.minimum.at(first, orders.row, orders.at)
    eager = (count > 0) & (people.rate_per_day > 0.15) & (first < 30 * DAY_SECONDS)
    assert eager.sum() > 1_000
    single = (count[eager] == 1).mean()
    assert single == pytest.approx(people.dropout[eager].mean(), abs=0.015)


def test_spend_is_gamma_gamma(drawn):
    _, _, people, orders = drawn
    per_person = people.spend_mean_fen / 100.0
    assert np.median(orders.goods_fen / 100.0 / per_person[orders.row]) == pytest.approx(0.918, abs=0.02)  # of Gamma(4, 1/4)
    expected = SPEC.spend_p * SPEC.spend_gamma / (SPEC.spend_q - 1)
    assert per_person.mean() == pytest.approx(expected, rel=0.04)


def test_outcomes_have_the_shares_of_the_spec(drawn):
    _, _, _, orders = drawn
    assert orders.is_full_refund.mean() == pytest.approx(SPEC.full_refund_share, rel=0.08)
    partial = (orders.refund_at != NEVER) & ~orders.is_full_refund
    assert partial.mean() == pytest.approx(SPEC.partial_refund_share, rel=0.08)
    assert (orders.refund_fen <= orders.total_fen).all()


def test_lines_add_up_to_their_order(drawn):
    draws, _, people, orders = drawn
    lines = draw_lines(draws, build_catalog(), people, orders)
    total = np.bincount(lines.order, weights=lines.paid_fen, minlength=len(orders))
    assert (total == orders.goods_fen).all()
    assert (lines.paid_fen <= lines.list_fen).all()
    assert (lines.list_fen % lines.quantity == 0).all() and (lines.paid_fen % lines.quantity == 0).all()


def test_busy_days_are_busy():
    spec = dataclasses.replace(SPEC, days=365)
    seasons = Seasons(spec)
    day = (date(2026, 11, 11) - spec.first_day).days
    assert seasons.factors[day] > 3 * np.median(seasons.factors)
    assert seasons.factors.mean() == pytest.approx(1.0)
    moments = np.linspace(0, spec.days - 1e-9, 1000)
    assert (seasons.business_day(seasons.operational(moments)) == np.floor(moments)).all()
