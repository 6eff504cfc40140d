"""Draws are pure functions of seed, stream and keys, and have the distributions that they are named after."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.simulate.draws import Draws, scramble
from pipelines.simulate.seasons import LAST_SECOND, quiet_end
from pipelines.simulate.spec import DAY_SECONDS

KEYS = np.arange(60_000, dtype=np.int64)


def test_a_draw_depends_on_its_own_key_only():
    draws = Draws(1)
    assert (draws.uniform("x", KEYS)[::7] == draws.uniform("x", KEYS[::7])).all()
    assert (draws.gamma(0.7, "g", KEYS)[100:200] == draws.gamma(0.7, "g", KEYS[100:200])).all()
    assert (draws.uniform("x", KEYS) != draws.uniform("y", KEYS)).all()
    assert (draws.uniform("x", KEYS) != Draws(2).uniform("x", KEYS)).all()


def test_uniforms_are_uniform_and_uncorrelated():
    u = Draws(3).uniform("u", KEYS, KEYS % 5)
    counts = np.bincount((u * 20).astype(int), minlength=20)
    assert ((counts - 3000.0) ** 2 / 3000.0).sum() < 45  # chi-square, 19 degrees of freedom, 0.1 %
    assert abs(np.corrcoef(u[:-1], u[1:])[0, 1]) < 0.02


@pytest.mark.parametrize("shape", [0.4, 1.0, 3.8])
def test_gamma_has_its_moments(shape):
    g = Draws(4).gamma(shape, "g", KEYS)
    assert g.mean() == pytest.approx(shape, rel=0.03)
    assert g.var() == pytest.approx(shape, rel=0.06)


@pytest.mark.parametrize("mean", [0.3, 4.0, 55.0])
def test_poisson_has_its_moments(mean):
    n = Draws(5).poisson(np.full(len(KEYS), mean), "n", KEYS)
    assert n.mean() == pytest.approx(mean, rel=0.03)
    assert n.var() == pytest.approx(mean, rel=0.04)


def test_geometric_counts_trials():
    n = Draws(6).geometric(np.full(len(KEYS), 0.2), "n", KEYS)
    assert n.min() == 1 and n.mean() == pytest.approx(5.0, rel=0.03)


def test_texts_are_of_their_alphabet_and_width():
    text = Draws(7).base64url(27, "t", KEYS[:50])
    assert len(set(text)) == 50 and all(len(value) == 27 for value in text)
    assert set(b"".join(Draws(7).hexadecimal(32, "h", KEYS[:50]))) <= set(b"0123456789abcdef")


@settings(max_examples=50, deadline=None)
@given(st.integers(2, 10**10), st.integers(0, 10**6), st.integers(0, 10**9))
def test_scrambled_numbers_stay_different(modulus, start, offset):
    numbers = np.arange(start, start + min(500, modulus), dtype=np.int64)
    spread = scramble(numbers, modulus, offset)
    assert len(np.unique(spread)) == len(numbers)
    assert spread.min() >= 0 and spread.max() < modulus


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, 10 * DAY_SECONDS), min_size=2, max_size=50))
def test_nothing_happens_after_the_export_and_order_is_kept(seconds):
    before = np.sort(np.array(seconds, dtype=np.int64))
    after = quiet_end(before)
    assert (after // DAY_SECONDS == before // DAY_SECONDS).all()
    assert (after % DAY_SECONDS <= LAST_SECOND).all()
    assert (np.diff(after) >= 0).all()
