"""K-means whose result does not depend on chance or on the order of rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.float64]
Whole = NDArray[np.int64]

_ROUNDS = 300
_CLOSE_ENOUGH = 1e-7
_NOTHING = 1e-12  # a mean of equal numbers is not always that number


@dataclass(frozen=True, slots=True)
class Fit:
    """Centers, a row each, and the sum of the squared distances to the nearest center."""

    centers: Numbers
    inertia: float


def split_centers(points: Numbers, count: int) -> Numbers:
    """Where to begin: again and again, the group with the largest sum of squares is parted at its mean, on the axis on which it is widest.

    Fewer than `count` centers where there are fewer different points.
    """
    group = np.zeros(len(points), dtype=np.int64)
    squares = [_squares(points)]
    while len(squares) < count:
        widest = max(range(len(squares)), key=lambda number: float(squares[number].sum()))
        if squares[widest].sum() <= _NOTHING * squares[0].size * len(points):
            break
        axis = int(np.argmax(squares[widest]))
        chosen = group == widest
        group[chosen & (points[:, axis] > points[chosen, axis].mean())] = len(squares)
        squares[widest] = _squares(points[group == widest])
        squares.append(_squares(points[group == len(squares)]))
    return _means(points, group, len(squares))


def fit(points: Numbers, start: Numbers) -> Fit:
    """Move the centers of `start` until they rest. One that loses all its points keeps its place."""
    centers = start
    for _ in range(_ROUNDS):
        group = nearest(points, centers)
        moved = np.where(np.bincount(group, minlength=len(centers))[:, None] > 0, _means(points, group, len(centers)), centers)
        shift = float(np.abs(moved - centers).max())
        centers = moved
        if shift <= _CLOSE_ENOUGH:
            break
    return Fit(centers, float(distances(points, centers).min(axis=1).sum()))


def nearest(points: Numbers, centers: Numbers) -> Whole:
    """Number of the nearest center of each point; of equally near ones the first."""
    return np.asarray(np.argmin(distances(points, centers), axis=1), dtype=np.int64)


def distances(points: Numbers, centers: Numbers) -> Numbers:
    """Squared, a row a point, a column a center."""
    return np.column_stack([((points - center) ** 2).sum(axis=1) for center in centers])


def _means(points: Numbers, group: Whole, count: int) -> Numbers:
    sizes = np.maximum(np.bincount(group, minlength=count), 1)
    sums = [np.bincount(group, weights=points[:, axis], minlength=count) for axis in range(points.shape[1])]
    return np.asarray(np.column_stack(sums) / sizes[:, None])


def _squares(points: Numbers) -> Numbers:
    return np.asarray(((points - points.mean(axis=0)) ** 2).sum(axis=0))
