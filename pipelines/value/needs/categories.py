"""Which category a customer buys next: a linear model of each category on the others, and the popular ones. Chooses neither.

The model is the closed form of a ridge regression of every column of customers x categories (1 where bought) on all other columns
(Steck, Embarrassingly Shallow Autoencoders, 2019). It needs the counts of pairs alone, which are whole numbers: the order of rows can
change nothing. Scores are cut to six digits, so that the order of additions cannot either.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import polars as pl
import scipy.sparse as sp

from pipelines.contracts.engine import fetch_frame
from pipelines.contracts.settings.predictions import NeedsConfig

RANKS = (1, 3, 5)  # hits are counted among so many candidates
_CELLS = 8_000_000  # of a block of customers x categories, 64 MB
_DIGITS = 1_000_000

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_PAIR = ["customer_no", "category_no"]
_CANDIDATES = {
    "customer_no": pl.Int64(),
    "candidate_rank": pl.Int64(),
    "category_no": pl.Int64(),
    "affinity": pl.Float64(),
    "because_of_category_no": pl.Int64(),
}

_BOUGHT = """
with sold as (
    select distinct customer_no, category_no from bought_days
    where bought_on > date '{cutoff}' - {window} and bought_on <= date '{cutoff}'
),
categories as (
    select
        category_no,
        row_number() over (order by count(*) desc, category_no) - 1 as position
    from sold
    group by category_no
    having count(*) >= {customers}
    order by position
    limit {categories}
)
select sold.customer_no, sold.category_no, categories.position
from sold
inner join categories on sold.category_no = categories.category_no
order by sold.customer_no, categories.position
"""
_LATER = """
select distinct customer_no, category_no from bought_days where bought_on > date '{cutoff}' and bought_on <= date '{until}'
"""


@dataclass(frozen=True, slots=True)
class Basket:
    """Who bought which category within the window: customers in order of number, categories by buyers, most first."""

    customer_no: Ints
    category_no: Ints
    bought: sp.csr_matrix
    popularity: Floats  # of each category, the share of all customers who bought it

    def of(self, customers: Ints, *, are_out: bool = False) -> Basket:
        """The rows of these customers, or of all others; what is popular stays what it is among all."""
        kept = np.isin(self.customer_no, customers, invert=are_out)
        return replace(self, customer_no=self.customer_no[kept], bought=self.bought[kept])


def read_basket(connection: duckdb.DuckDBPyConnection, needs: NeedsConfig, cutoff: date) -> Basket:
    """What was bought in the window up to `cutoff`, from `bought_days`: categories with enough buyers, at most `needs.next_categories`."""
    frame = fetch_frame(
        connection,
        _BOUGHT.format(cutoff=cutoff, window=needs.next_window_days, customers=needs.next_from_customers, categories=needs.next_categories),
    )
    customers, rows = np.unique(frame["customer_no"].to_numpy(), return_inverse=True)
    names = frame.select("position", "category_no").unique().sort("position")["category_no"].to_numpy()
    cells = (np.ones(frame.height), (rows, frame["position"].to_numpy()))
    bought = sp.csr_matrix(cells, shape=(len(customers), len(names)))
    popularity = np.asarray(bought.sum(axis=0), dtype=np.float64).ravel() / max(1, len(customers))
    return Basket(customers.astype(np.int64), names.astype(np.int64), bought, popularity)


def item_weights(basket: Basket, needs: NeedsConfig) -> Floats:
    """Weight of a bought category (row) for another one (column); 0 for itself. Empty without categories."""
    pairs = np.asarray((basket.bought.T @ basket.bought).todense(), dtype=np.float64)
    if not pairs.size:
        return pairs
    ridge = float(needs.next_ridge) * float(np.trace(pairs)) / len(pairs)
    inverse = np.linalg.inv(pairs + ridge * np.eye(len(pairs)))
    weights = -inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return np.asarray(weights)


def candidates(basket: Basket, weights: Floats | None, count: int) -> pl.DataFrame:
    """The best `count` categories that each customer has not bought, by `weights`, or by popularity where there are none.

    One row per customer_no and candidate_rank: category_no, affinity, because_of_category_no (null under popularity). Candidates
    that nothing speaks for (a score of 0 or less) are left out; equal scores rank the category with more buyers first.
    """
    return pl.concat([pl.DataFrame(schema=_CANDIDATES), *_blocks(basket, weights, count)])


def _blocks(basket: Basket, weights: Floats | None, count: int) -> Iterator[pl.DataFrame]:
    customers, categories = basket.bought.shape
    if not categories:
        return
    step = max(1, _CELLS // categories)
    for start in range(0, customers, step):
        bought = basket.bought[start : start + step]
        scores = np.tile(basket.popularity, (bought.shape[0], 1)) if weights is None else np.asarray(bought @ weights)
        yield _ranked(basket, start, bought, scores, weights, count)


def _ranked(basket: Basket, start: int, bought: sp.csr_matrix, scores: Floats, weights: Floats | None, count: int) -> pl.DataFrame:
    """The best candidates of a block of customers that begins at the customer `start`."""
    categories = scores.shape[1]
    keys = _keys(scores, np.arange(categories), categories)
    keys[bought.nonzero()] = -1
    kept = min(count, categories)
    top = np.argpartition(-keys, kept - 1, axis=1)[:, :kept]
    top = np.take_along_axis(top, np.argsort(-np.take_along_axis(keys, top, axis=1), axis=1), axis=1)
    best = np.take_along_axis(keys, top, axis=1)
    rows, ranks = np.nonzero(best >= categories)  # at least one digit above 0
    because = None if weights is None else basket.category_no[_reasons(bought, weights, top)[rows, ranks]]
    return pl.DataFrame(
        {
            "customer_no": basket.customer_no[start + rows],
            "candidate_rank": ranks + 1,
            "category_no": basket.category_no[top[rows, ranks]],
            "affinity": best[rows, ranks] // categories / _DIGITS,
            "because_of_category_no": because,
        },
        schema=_CANDIDATES,
    )


def _reasons(bought: sp.csr_matrix, weights: Floats, top: Ints) -> Ints:
    """Of each customer and candidate, the position of the bought category with the largest weight for it."""
    categories = len(weights)
    customer_of = np.repeat(np.arange(bought.shape[0]), np.diff(bought.indptr))
    reasons = np.empty(top.shape, dtype=np.int64)
    for rank in range(top.shape[1]):
        keys = _keys(weights[bought.indices, top[customer_of, rank]], bought.indices, categories)
        reasons[:, rank] = categories - 1 - np.maximum.reduceat(keys, bought.indptr[:-1]) % categories
    return reasons


def _keys(values: Floats, positions: npt.NDArray[np.integer[Any]], categories: int) -> Ints:
    """A value above 0 and a position as one whole number: no two of a row are equal, so every way of selecting finds the same ones."""
    return np.maximum(np.rint(values * _DIGITS), 0).astype(np.int64) * categories + (categories - 1 - positions)


@dataclass(frozen=True, slots=True)
class Hits:
    """Customers who were judged, and by number of candidates the share who bought one of them: the model's, and the popular ones."""

    customer_count: int
    model: dict[int, float]
    popularity: dict[int, float]


def judge_candidates(connection: duckdb.DuckDBPyConnection, needs: NeedsConfig, as_of: date) -> Hits:
    """Leave the last `needs.judged_days` out, rank by the model and by popularity, and look what came.

    Judged are customers who bought within the window before and, since, a category that they had not bought within it.
    """
    cutoff = as_of - timedelta(days=needs.judged_days)
    basket = read_basket(connection, needs, cutoff)
    later = fetch_frame(connection, _LATER.format(cutoff=cutoff, until=as_of)).select(pl.col(_PAIR).cast(pl.Int64))
    rows, columns = basket.bought.nonzero()
    known = pl.DataFrame({"customer_no": basket.customer_no[rows], "category_no": basket.category_no[columns]})
    new = (
        later.join(known.select("customer_no").unique(), on="customer_no", how="semi")
        .join(known.select("category_no").unique(), on="category_no", how="semi")
        .join(known, on=_PAIR, how="anti")
    )
    customers = np.sort(new["customer_no"].unique().to_numpy())
    judged = len(customers)
    rates = []
    for weights in (item_weights(basket, needs), None):
        ranks = candidates(basket.of(customers), weights, max(RANKS)).join(new, on=_PAIR, how="semi")
        best = ranks.group_by("customer_no").agg(pl.col("candidate_rank").min())["candidate_rank"]
        rates.append({rank: int((best <= rank).sum()) / judged if judged else 0.0 for rank in RANKS})
    return Hits(judged, rates[0], rates[1])
