"""Fits find what lives were simulated with, agree with `lifetimes`, and say where there is nothing to find."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from pipelines.value.purchases.fitting import Fit, fit_amounts, fit_purchases
from pipelines.value.purchases.likelihood import Floats, Histories, LogLikelihood, ModelName, Point, Spending, purchases
from tests.value.simulated import last_day, shop

TRUTH = {"r": 0.6, "alpha": 20.0, "a": 0.8, "b": 3.0}
AMOUNTS = {"p": 6.0, "q": 4.0, "gamma": 300.0}
DAYS = 500


def known(purchases: pl.DataFrame) -> pl.DataFrame:
    """History and spending of each customer, by Polars."""
    days = purchases.group_by("customer_id", "purchased_on").agg(pl.col("net_amount").sum())
    first, last = pl.col("purchased_on").min(), pl.col("purchased_on").max()
    return (
        days.group_by("customer_id")
        .agg(
            frequency=pl.len() - 1.0,
            recency=(last - first).dt.total_days().cast(pl.Float64),
            age=(pl.lit(last_day(DAYS)) - first).dt.total_days().cast(pl.Float64),
            total=pl.col("net_amount").sum(),
        )
        .sort("customer_id")
    )


def histories(frame: pl.DataFrame, unit: float = 1.0) -> Histories:
    columns = [frame["frequency"].to_numpy(), frame["recency"].to_numpy() * unit, frame["age"].to_numpy() * unit]
    return Histories(*columns, np.ones(frame.height))


@pytest.fixture(scope="module")
def shoppers() -> pl.DataFrame:
    return known(shop(20_000, DAYS))


def off(fit: Fit, truth: dict[str, float]) -> dict[str, float]:
    """Standard errors that each parameter lies from the truth."""
    return {name: abs(fit.parameters[name] - value) / (fit.standard_errors[name] or np.nan) for name, value in truth.items()}


@pytest.mark.parametrize("name", ["bg_nbd", "mbg_nbd"])
def test_parameters_of_simulated_lives_are_found(name: ModelName) -> None:
    """Lives are continuous and days are whole: a bias of a few standard errors of 8,000 customers is that of days."""
    frame = known(shop(8_000, DAYS, leaves_after_first=name == "mbg_nbd", seed=3))
    assert max(off(fit_purchases(name, histories(frame)), TRUTH).values()) < 4


def test_parameters_of_simulated_amounts_are_found() -> None:
    random = np.random.default_rng(4)
    count = random.integers(1, 12, 8_000).astype(float)
    rate = random.gamma(AMOUNTS["q"], 1 / AMOUNTS["gamma"], len(count))
    spending = Spending(count, random.gamma(AMOUNTS["p"] * count, 1 / rate), np.ones(len(count)))
    assert max(off(fit_amounts(spending), AMOUNTS).values()) < 3


def test_standard_errors_are_the_spread_of_repeated_fits(shoppers: pl.DataFrame) -> None:
    parts = [fit_purchases("bg_nbd", histories(shoppers.gather_every(20, offset=offset))) for offset in range(20)]
    for name in TRUTH:
        spread = np.std([np.log(part.parameters[name]) for part in parts], ddof=1)
        told = np.median([(part.standard_errors[name] or np.nan) / part.parameters[name] for part in parts])
        assert told == pytest.approx(spread, rel=0.5), name


def test_fit_does_not_depend_on_the_unit_of_time_or_money_nor_on_the_order_of_rows(shoppers: pl.DataFrame) -> None:
    frame = shoppers.head(3000)
    days, weeks = fit_purchases("bg_nbd", histories(frame)), fit_purchases("bg_nbd", histories(frame.reverse(), 1 / 7))
    assert weeks.parameters["alpha"] * 7 == pytest.approx(days.parameters["alpha"], rel=1e-6)
    assert {name: weeks.parameters[name] for name in "rab"} == pytest.approx({name: days.parameters[name] for name in "rab"}, rel=1e-6)
    assert weeks.log_likelihood == pytest.approx(days.log_likelihood + frame["frequency"].sum() * np.log(7), rel=1e-10)
    count, total = frame["frequency"].to_numpy() + 1, frame["total"].to_numpy()
    cny, fen = (fit_amounts(Spending(count, total * unit, np.ones(frame.height))) for unit in (1.0, 100.0))
    assert fen.parameters["gamma"] / 100 == pytest.approx(cny.parameters["gamma"], rel=1e-6)
    assert fen.parameters["p"] == pytest.approx(cny.parameters["p"], rel=1e-6)


def test_no_point_nearby_is_likelier(shoppers: pl.DataFrame) -> None:
    rows = histories(shoppers.head(3000))
    fit = fit_purchases("mbg_nbd", rows)
    value = purchases("mbg_nbd", rows)
    at = np.log(list(fit.parameters.values()))
    assert np.abs(value(at).gradient).max() < 1e-4
    random = np.random.default_rng(1)
    assert all(value(at + random.normal(0, 0.02, 4)).value < fit.log_likelihood for _ in range(50))


def test_fit_that_begins_with_a_part_ends_where_one_of_all_does_and_asks_hardly_more(
    shoppers: pl.DataFrame, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million customers are asked a few times only: this is what makes the fit fast, whatever the clock says."""
    rows = histories(shoppers.sort("frequency", "recency", "age"))
    whole = fit_purchases("bg_nbd", rows)
    asked: list[int] = []

    def counted(name: ModelName, of: Histories) -> LogLikelihood:
        value = purchases(name, of)

        def at(logs: Floats) -> Point:
            asked.append(len(of.weight))
            return value(logs)

        return at

    monkeypatch.setattr("pipelines.value.purchases.fitting._SAMPLE", 1000)
    monkeypatch.setattr("pipelines.value.purchases.fitting.purchases", counted)
    begun = fit_purchases("bg_nbd", rows)
    assert begun.parameters == pytest.approx(whole.parameters, rel=1e-9)
    assert begun.standard_errors == pytest.approx(whole.standard_errors, rel=1e-9)
    assert asked.count(len(rows.weight)) <= 6 and asked.count(1000) <= 15


def test_customers_who_never_leave_are_fitted_with_numbers() -> None:
    """Without anybody who leaves the probability to leave has no distribution: every figure is a number all the same."""
    random = np.random.default_rng(2)
    rate, age = random.gamma(2.0, 1 / 30, 4000), np.full(4000, 400.0)
    count = random.poisson(rate * age).astype(float)
    recency = np.where(count > 0, age * random.random(4000) ** (1 / np.maximum(count, 1)), 0.0)
    fit = fit_purchases("bg_nbd", Histories(count, recency, age, np.ones(4000)))
    assert fit.parameters["r"] == pytest.approx(2.0, rel=0.15)
    assert np.isfinite(list(fit.parameters.values())).all()
    assert fit.parameters["a"] / (fit.parameters["a"] + fit.parameters["b"]) < 0.002


def test_equal_amounts_are_fitted() -> None:
    fit = fit_amounts(Spending(np.array([1.0, 5.0]), np.array([10.0, 50.0]), np.array([50.0, 50.0])))
    assert np.isfinite(list(fit.parameters.values())).all()
    assert fit.parameters["p"] * (fit.parameters["gamma"] + 10) / (fit.parameters["p"] + fit.parameters["q"] - 1) == pytest.approx(
        10, rel=1e-3
    )


def test_lifetimes_finds_the_same_parameters(shoppers: pl.DataFrame) -> None:
    """An optional test dependency, no pin: its last release is of 2020."""
    lifetimes = pytest.importorskip("lifetimes", reason="lifetimes is not installed")
    frame = shoppers.head(4000)
    columns = [frame[name].to_numpy() for name in ("frequency", "recency", "age")]
    theirs = lifetimes.BetaGeoFitter(penalizer_coef=0.0).fit(columns[0], columns[1], columns[2], tol=1e-12)
    ours = fit_purchases("bg_nbd", histories(frame))
    assert ours.parameters == pytest.approx(dict(theirs.params_), rel=1e-3)
