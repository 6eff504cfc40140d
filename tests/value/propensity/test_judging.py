"""Measures of probabilities against the same measures by their definitions, and calibration against a known distortion."""

from __future__ import annotations

import math
import random
from datetime import date, timedelta
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipelines.value.propensity.boosting import fit_boosting
from pipelines.value.propensity.calibration import calibrate, log_odds_of, sigmoid
from pipelines.value.propensity.judging import SMALLEST, auc, judge
from pipelines.value.propensity.logistic import fit_logistic
from pipelines.value.propensity.periods import periods_of
from pipelines.value.propensity.rates import rates_of

SHARES = st.lists(st.tuples(st.sampled_from([0.0, 0.1, 0.1, 0.35, 0.5, 0.9, 1.0]), st.booleans()), min_size=1, max_size=40)


@given(SHARES)
def test_measures_are_those_of_their_definitions(rows: list[tuple[float, bool]]) -> None:
    found = judge(np.array([share for share, _ in rows]), np.array([came for _, came in rows]))
    said = [(min(max(share, SMALLEST), 1 - SMALLEST), came) for share, came in rows]
    assert found.log_loss == pytest.approx(-sum(math.log(share if came else 1 - share) for share, came in said) / len(said))
    assert found.brier == pytest.approx(sum((share - came) ** 2 for share, came in said) / len(said))
    pairs = [(a, b) for a, came in said if came for b, other in said if not other]
    expected = sum(1.0 if a > b else 0.5 if a == b else 0.0 for a, b in pairs) / len(pairs) if pairs else 0.5
    assert found.auc == pytest.approx(expected)


@given(SHARES)
def test_groups_hold_everybody_once_and_never_part_equals(rows: list[tuple[float, bool]]) -> None:
    shares, outcomes = np.array([share for share, _ in rows]), np.array([came for _, came in rows])
    groups = judge(shares, outcomes).groups
    assert sum(group.customer_count for group in groups) == len(rows)
    assert sum(group.actual * group.customer_count for group in groups) == pytest.approx(outcomes.sum())
    assert len(groups) <= len(set(shares.tolist()))


def test_auc_of_noise_is_chance_and_of_the_outcome_itself_is_one() -> None:
    draw = np.random.default_rng(1)
    outcomes = draw.random(20_000) < 0.2
    assert auc(draw.random(20_000), outcomes) == pytest.approx(0.5, abs=0.02)
    assert auc(outcomes.astype(float), outcomes) == 1.0


def test_calibration_undoes_a_known_distortion() -> None:
    draw = np.random.default_rng(2)
    truth = draw.normal(-1, 1.5, 50_000)
    outcomes = draw.random(50_000) < sigmoid(truth)
    found = calibrate(3 * truth + 2, outcomes)
    assert (found.slope * 3, found.shift + 2 * found.slope) == (pytest.approx(1, abs=0.05), pytest.approx(0, abs=0.05))
    assert judge(found.apply(3 * truth + 2), outcomes).calibration_error < 0.01


def test_a_model_that_points_the_wrong_way_is_worth_nothing_rather_than_its_opposite() -> None:
    draw = np.random.default_rng(3)
    truth = draw.normal(0, 2, 5000)
    found = calibrate(-truth, draw.random(5000) < sigmoid(truth))
    assert found.slope == 0
    assert np.ptp(found.apply(truth)) == 0
    assert found.apply(truth)[0] == pytest.approx(0.5, abs=0.03)


@pytest.mark.parametrize("outcomes", [[True] * 50, [False] * 50, [True] * 25 + [False] * 25])
def test_separable_or_equal_outcomes_give_finite_probabilities(outcomes: list[bool]) -> None:
    came = np.array(outcomes)
    score = np.where(came, 5.0, -5.0)
    found = calibrate(score, came).apply(score)
    assert np.isfinite(found).all() and (found > 0).all() and (found < 1).all()
    model = fit_logistic(np.column_stack([score, np.full(50, np.nan)]), came)
    assert np.isfinite(model.log_odds(np.array([[5.0, np.nan], [np.nan, 1e12], [-1e12, 0.0]]))).all()


def test_logistic_finds_planted_weights_and_its_parts_add_up(monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(4)
    values = draw.normal(0, 2, (40_000, 3))
    values[draw.random(40_000) < 0.2, 2] = np.nan
    spread = np.sign(values) * np.log1p(np.abs(values))
    truth = 0.5 + 1.5 * spread[:, 0] - np.where(np.isnan(values[:, 2]), 1.0, 0.5 * spread[:, 2])
    outcomes = draw.random(40_000) < sigmoid(truth)
    model = fit_logistic(values, outcomes)
    assert np.abs(model.log_odds(values) - truth).mean() < 0.08
    assert model.intercept + model.contributions(values).sum(axis=1) == pytest.approx(model.log_odds(values))
    monkeypatch.setattr("pipelines.value.propensity.logistic._BLOCK", 7000)
    assert fit_logistic(values, outcomes).weights == pytest.approx(model.weights, rel=1e-9)


def test_parts_of_the_trees_add_up_and_name_what_was_planted() -> None:
    draw = np.random.default_rng(6)
    values = draw.normal(0, 1, (3000, 4))
    values[draw.random(3000) < 0.2, 3] = np.nan
    truth = np.where(values[:, 1] > 0.5, 2.0, -1.0) + np.where(np.isnan(values[:, 3]), 1.0, 0.0)
    model = fit_boosting(values, draw.random(3000) < sigmoid(truth), ["a", "b", "c", "d"], 1)
    parts = model.contributions(values)
    assert model.base + parts.sum(axis=1) == pytest.approx(model.log_odds(values), abs=1e-6)
    strongest = np.abs(parts).mean(axis=0)
    assert strongest[1] > strongest[3] > max(strongest[0], strongest[2])
    exact = np.asarray(model.trees.predict(values, pred_contrib=True))[:, :-1]
    assert all(np.corrcoef(parts[:, place], exact[:, place])[0, 1] > 0.95 for place in (1, 3))


def test_rates_are_shares_drawn_towards_that_of_all() -> None:
    draw = random.Random(5)
    rows = [(draw.randrange(400), draw.random() < 0.3) for _ in range(500)]
    recency, outcomes = np.array([float(days) for days, _ in rows]), np.array([came for _, came in rows])
    found = rates_of(recency, outcomes, (7, 90, 180))
    of_all = (sum(came for _, came in rows) + 1) / (len(rows) + 2)
    for days in (0, 7, 8, 90, 91, 181, 5000):
        low, high = next((low, high) for low, high in ((-1, 7), (7, 90), (90, 180), (180, 10_000)) if low < days <= high)
        band = [came for recent, came in rows if low < recent <= high]
        assert found.apply(np.array([float(days)]))[0] == pytest.approx((sum(band) + 10 * of_all) / (len(band) + 10))


def test_an_empty_band_has_the_rate_of_all() -> None:
    found = rates_of(np.array([1.0] * 98), np.array([True] * 49 + [False] * 49), (7, 90))
    assert found.rates[1:] == (0.5, 0.5)
    assert log_odds_of(np.array(found.rates)) == pytest.approx(0, abs=1e-9)


@given(st.integers(1, 400), st.integers(0, 3000), st.integers(1, 12))
def test_every_outcome_of_a_cut_off_is_over_when_the_next_one_begins(horizon: int, history: int, count: int) -> None:
    last, first = date(2026, 1, 1), date(2026, 1, 1) - timedelta(days=history)
    periods = periods_of(last, horizon, first, count)
    days = [*reversed(periods.trained_on), periods.calibrated_on, periods.applied_on]
    assert all((later - earlier).days >= horizon for earlier, later in pairwise(days))
    assert all((day - first).days >= horizon for day in periods.trained_on)
    assert len(periods.trained_on) <= count
