"""Customers who behave as the models say, drawn one purchase after the other: an oracle that shares nothing with the formulas."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl


def shop(
    customers: int,
    days: int,
    *,
    r: float = 0.6,
    alpha: float = 20.0,
    a: float = 0.8,
    b: float = 3.0,
    leaves_after_first: bool = False,
    p: float = 6.0,
    q: float = 4.0,
    gamma: float = 300.0,
    first: date = date(2024, 1, 1),
    seed: int = 7,
) -> pl.DataFrame:
    """Purchases (customer_id, purchased_on, net_amount) of customers who come in the first half of `days`; some days have several."""
    random = np.random.default_rng(seed)
    rate, leaving = random.gamma(r, 1 / alpha, customers), random.beta(a, b, customers)
    own_rate_of_amount = random.gamma(q, 1 / gamma, customers)
    when = random.uniform(0, days / 2, customers)
    alive = np.ones(customers, dtype=bool) if not leaves_after_first else random.random(customers) >= leaving
    rounds = [(np.arange(customers), when.copy())]
    while alive.any():
        when = when + random.exponential(1 / np.maximum(rate, 1e-12))
        alive &= when < days
        rounds.append((np.flatnonzero(alive), when[alive].copy()))
        alive &= random.random(customers) >= leaving
    who, at = (np.concatenate(parts) for parts in zip(*rounds, strict=True))
    amount = random.gamma(p, 1 / own_rate_of_amount[who])
    return pl.DataFrame({"customer_id": who, "day": np.floor(at).astype(np.int64), "net_amount": np.maximum(amount, 0.01)}).select(
        customer_id=pl.format("c{}", pl.col("customer_id").cast(pl.String).str.zfill(7)),
        purchased_on=pl.lit(first) + pl.duration(days="day"),
        net_amount=pl.col("net_amount").round(2),
    )


def last_day(days: int, first: date = date(2024, 1, 1)) -> date:
    return first + timedelta(days=days - 1)
