"""Groups of buyers: found where they are planted, the same for the same buyers, and the same numbers from night to night."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.contracts.settings.predictions import ClustersConfig
from pipelines.value.clusters.declared import TRAITS
from pipelines.value.clusters.grouping import Groups, group
from pipelines.value.clusters.kmeans import Numbers, distances, fit, nearest, split_centers
from pipelines.value.clusters.naming import GROWTH, HIGH_VALUE, ORDINARY, RISK, description, label, numbers

NAMES = [trait.name for trait in TRAITS]
CONFIG = ClustersConfig(count=4)
# recency, purchase days, paid, tenure, paid a day, discounts, visits, refunds
PLANTED = {
    "loyal": (8, 24, 9000, 700, 400, 0.2, 12, 0),
    "gone": (400, 0, 0, 600, 90, 0.1, 0, 0),
    "young": (10, 2, 200, 30, 100, 0.5, 4, 0),
    "refunders": (60, 6, 800, 400, 130, 0.3, 2, 5),
}


def shop(seed: int, each: int = 300) -> tuple[Numbers, list[str]]:
    """Customers around the planted kinds, with the kind of each."""
    draw = np.random.default_rng(seed)
    kinds = [kind for kind in PLANTED for _ in range(each)]
    values = np.array([PLANTED[kind] for kind in kinds]) * draw.lognormal(0, 0.25, (len(kinds), len(TRAITS)))
    return np.asarray(values, dtype=np.float64), kinds


def centers_of(groups: Groups) -> dict[int, list[float]]:
    return {number: center.tolist() for number, center in zip(groups.numbers, groups.scale.to_logarithms(groups.centers), strict=True)}


def partition(numbers_of: Numbers) -> set[frozenset[int]]:
    return {frozenset(np.flatnonzero(numbers_of == number).tolist()) for number in set(numbers_of.tolist())}


def test_planted_kinds_are_found() -> None:
    values, kinds = shop(1)
    found = group(values, CONFIG, {}).of(values)
    expected = partition(np.array([list(PLANTED).index(kind) for kind in kinds]))
    right = max(sum(len(a & b) for a, b in zip(order, expected, strict=True)) for order in itertools.permutations(partition(found)))
    assert right / len(kinds) > 0.98


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_order_of_the_rows_changes_nothing(seed: int) -> None:
    values, _ = shop(2)
    order = np.random.default_rng(seed).permutation(len(values))
    first, again = group(values, CONFIG, {}), group(values[order], CONFIG, {})
    assert first.numbers == again.numbers
    assert (first.of(values)[order] == again.of(values[order])).all()


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_a_night_moves_hardly_anybody_and_swaps_no_number(seed: int) -> None:
    """Some new customers, everybody a day older, a few purchases: whoever did nothing special stays in the group of the same number."""
    draw = np.random.default_rng(seed)
    values, _ = shop(3)
    before = group(values, CONFIG, {})
    later = values.copy()
    later[:, [0, 3]] += 1
    bought = draw.random(len(values)) < 0.03
    later[bought, 0], later[bought, 1], later[bought, 2] = 0, later[bought, 1] + 1, later[bought, 2] + later[bought, 4]
    added = np.array([PLANTED["young"]] * 15, dtype=np.float64) * draw.lognormal(0, 0.3, (15, len(TRAITS)))
    night = np.concatenate([added, later])
    night = night[draw.permutation(len(night))]
    after = group(night, CONFIG, centers_of(before))
    assert sorted(after.numbers) == sorted(before.numbers)
    stayed = before.of(values)[~bought] == after.of(later)[~bought]
    assert stayed.mean() > 0.99


def test_numbers_follow_their_groups_when_one_outgrows_another() -> None:
    """Numbers are first given by money: when that order turns, they do not."""
    values, kinds = shop(4)
    before = group(values, CONFIG, {})
    loyal, young = (np.array([kind == name for kind in kinds]) for name in ("loyal", "young"))
    numbers_before = {name: set(before.of(values[rows]).tolist()) for name, rows in (("loyal", loyal), ("young", young))}
    after_values = values.copy()
    after_values[:, 2] = np.where(loyal, values[:, 2] / 20, np.where(young, values[:, 2] * 20, values[:, 2]))
    after = group(after_values, CONFIG, centers_of(before))
    fresh = group(after_values, CONFIG, {})
    for name, rows in (("loyal", loyal), ("young", young)):
        [(number, count)] = [max(zip(*np.unique(after.of(after_values[rows]), return_counts=True), strict=True), key=lambda one: one[1])]
        assert count / rows.sum() > 0.95
        assert {number} == numbers_before[name]
    assert fresh.numbers == (1, 2, 3, 4)


def test_a_new_group_gets_a_number_that_is_free() -> None:
    near = np.array([[0.0, 0.0], [10.0, 10.0], [5.0, 5.0]])
    assert numbers(near, {3: np.array([10.0, 10.0]), 1: np.array([0.1, 0.0])}) == [1, 3, 2]
    assert numbers(near[:1], {3: np.array([10.0, 10.0]), 1: np.array([0.1, 0.0])}) == [1]


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=30), st.integers(2, 6))
@settings(max_examples=60, deadline=None)
def test_every_center_is_the_mean_of_the_points_that_are_nearest_to_it(rows: list[tuple[int, int]], count: int) -> None:
    points = np.array(rows, dtype=np.float64)
    found = fit(points, split_centers(points, count))
    assert len(found.centers) <= min(count, len(set(rows)))
    which = nearest(points, found.centers)
    for number in set(which.tolist()):
        assert found.centers[number] == pytest.approx(points[which == number].mean(axis=0), abs=1e-5)
    assert found.inertia == pytest.approx(sum(min(((p - c) ** 2).sum() for c in found.centers) for p in points))


def test_groups_explain_about_as_much_as_the_best_of_many_random_starts() -> None:
    draw = np.random.default_rng(5)
    points = draw.normal(0, 1, (2000, 5)) + draw.choice([-2.0, 0.0, 2.0], (2000, 5))
    ours = fit(points, split_centers(points, 6)).inertia
    theirs = min(fit(points, points[draw.choice(2000, 6, replace=False)]).inertia for _ in range(20))
    assert ours < theirs * 1.05


BAD: dict[str, Callable[[], Numbers]] = {
    "all alike": lambda: np.full((200, len(TRAITS)), 3.0),
    "two kinds for four groups": lambda: np.repeat([[1.0] * len(TRAITS), [9.0] * len(TRAITS)], 100, axis=0),
    "one giant": lambda: np.vstack([shop(6, 50)[0], [[0, 1e5, 1e12, 7300, 1e7, 1, 1e6, 1e5]]]),
    "nothing known": lambda: np.column_stack([np.arange(200.0), np.full((200, len(TRAITS) - 1), np.nan)]),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_finite_centers_and_a_number_for_everybody(name: str) -> None:
    values = BAD[name]()
    groups = group(values, CONFIG, {})
    found = groups.of(values)
    assert np.isfinite(groups.centers).all() and np.isfinite(groups.explained)
    assert set(found.tolist()) <= set(groups.numbers)
    again = group(values, CONFIG, centers_of(groups))
    assert (again.of(values) == found).all()
    assert distances(groups.centers, groups.centers).shape == (len(groups.numbers),) * 2


def test_labels_follow_the_rules_and_stay_within_the_margin() -> None:
    of_all = dict.fromkeys(NAMES, 100.0)

    def means(recency: float, frequency: float, money: float) -> dict[str, float]:
        return of_all | {"recency_days": recency, "purchase_day_count_365d": frequency, "paid_amount_365d": money}

    assert label(means(50, 150, 150), of_all, CONFIG) == HIGH_VALUE
    assert label(means(50, 149, 150), of_all, CONFIG) == GROWTH
    assert label(means(150, 200, 200), of_all, CONFIG) == RISK
    assert label(means(120, 200, 200), of_all, CONFIG) == ORDINARY
    assert label(means(50, 140, 140), of_all, CONFIG, last=HIGH_VALUE) == HIGH_VALUE
    assert label(means(50, 130, 140), of_all, CONFIG, last=HIGH_VALUE) == GROWTH
    assert label(means(140, 10, 10), of_all, CONFIG, last=RISK) == RISK
    assert label(means(105, 10, 10), of_all, CONFIG, last=GROWTH) == GROWTH
    assert label(means(105, 10, 10), of_all, CONFIG, last=ORDINARY) == ORDINARY
    assert label(dict.fromkeys(NAMES, 0.0), dict.fromkeys(NAMES, 0.0), CONFIG) in {GROWTH, ORDINARY}


def test_a_description_names_what_tells_the_group_from_all() -> None:
    of_all = dict.fromkeys(NAMES, 10.0)
    center = [0.0] * len(NAMES)
    center[0], center[1], center[6] = -0.4, 2.0, 0.1
    assert (
        description(center, of_all | {NAMES[1]: 21.0, NAMES[0]: 4.0}, of_all) == "buys often (2.1x the mean), bought lately (0.4x the mean)"
    )
    assert description([0.0] * len(NAMES), of_all, of_all) == "as the mean of all"
