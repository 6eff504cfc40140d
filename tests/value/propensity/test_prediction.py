"""Whole predictions for invented shops: no look into the future, the better model used and named, and sense in bad input."""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.contracts.engine import fetch_frame
from pipelines.contracts.settings.predictions import PropensityConfig
from pipelines.value.propensity.buying import FitBuying, fit_buying
from pipelines.value.propensity.features import Numbers, Snapshot
from pipelines.value.propensity.scoring import Prediction, predict
from tests.value.propensity.shop import FIRST, Order, Shop, opened, tables

AS_OF = FIRST + timedelta(days=540)
ONE = Decimal(10)
Ask = Callable[[dict[int, str]], FitBuying]


def unfit(names: dict[int, str]) -> FitBuying:
    """No purchase model: what the others do is judged."""
    return lambda *_: None


def predicted(
    folder: Path, shop: Shop, as_of: date = AS_OF, ask: Ask | None = None, shuffled: int | None = None, **config: object
) -> tuple[dict[str, Prediction], pl.DataFrame]:
    """What was chosen by target, and the rows by target and customer."""
    with opened(folder, tables(shop.until(as_of), shuffled=shuffled)) as connection:
        names = dict(connection.execute("select customer_no, customer_id from people").fetchall())
        settings = PropensityConfig.model_validate(config)
        found = predict(connection, as_of, settings, "fct_orders", ask(names) if ask else fit_buying, threads=1)
        rows = fetch_frame(connection, "select * from propensities order by target, customer_id")
    assert rows["probability"].is_nan().sum() == 0
    assert rows.filter(pl.col("probability").is_not_null() & ~pl.col("probability").is_between(0, 1, closed="none")).is_empty()
    assert rows.select("target", "customer_id").is_unique().all()
    return {prediction.target.name: prediction for prediction in found}, rows


def habits(seed: int, customers: int, days: int = 560, leave: float = 0.3, arrive: int = 120) -> Shop:
    """Customers with a usual interval who come in the first `arrive` days; some leave for ever on a day of their own."""
    draw = random.Random(seed)
    orders = []
    for number in range(customers):
        interval = draw.choice([8, 20, 45, 120])
        until = draw.randrange(60, days) if draw.random() < leave else days
        at = draw.randrange(1, arrive)
        while at < until:
            orders.append(Order(f"c{number:04d}", FIRST + timedelta(days=at), ONE * draw.randrange(1, 20)))
            at += max(1, round(draw.expovariate(1 / interval)))
    return Shop(tuple(orders))


def loss(prediction: Prediction, name: str) -> float:
    assert prediction.choice
    [trial] = [trial for trial in prediction.choice.trials if trial.model_name == name]
    assert trial.judgement, trial.why_not
    return trial.judgement.log_loss


def best_auc(prediction: Prediction) -> float:
    assert prediction.choice
    return max(trial.judgement.auc for trial in prediction.choice.trials if trial.judgement and not trial.is_baseline)


@pytest.fixture(scope="module")
def habitual() -> Shop:
    return habits(1, 700)


@pytest.fixture(scope="module")
def usual(habitual: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Prediction], pl.DataFrame]:
    return predicted(tmp_path_factory.mktemp("usual"), habitual, ask=unfit)


def test_who_buys_by_habit_is_told_from_who_has_left(usual: tuple[dict[str, Prediction], pl.DataFrame], habitual: Shop) -> None:
    found, rows = usual
    for prediction in found.values():
        assert prediction.choice and prediction.choice.model
        assert prediction.choice.model.name in {"logistic", "boosting"}
        assert best_auc(prediction) > 0.8
        assert loss(prediction, prediction.choice.model.name) < loss(prediction, "recency_rule") < loss(prediction, "mean")
    buyers = {order.customer_id for order in habitual.orders if order.paid_on <= AS_OF}
    assert rows.group_by("target").len()["len"].to_list() == [len(buyers)] * 2
    assert set(rows["basis"]) == {"model"}


def test_probabilities_of_the_day_come_true(usual: tuple[dict[str, Prediction], pl.DataFrame], habitual: Shop) -> None:
    """The shop goes on for 20 days after the run: who buys in them is no surprise on the whole."""
    rows = usual[1].filter(pl.col("target") == "repurchase_30d")
    bought = {order.customer_id for order in habitual.orders if AS_OF < order.paid_on <= AS_OF + timedelta(days=19)}
    likely = rows.filter(pl.col("probability") > 0.7)["customer_id"].to_list()
    unlikely = rows.filter(pl.col("probability") < 0.2)["customer_id"].to_list()
    assert len(likely) > 50 and len(unlikely) > 50
    assert sum(name in bought for name in likely) / len(likely) > 0.6
    assert sum(name in bought for name in unlikely) / len(unlikely) < 0.15


def test_every_reason_names_numbers_and_the_same_shop_gives_the_same_rows(
    usual: tuple[dict[str, Prediction], pl.DataFrame], habitual: Shop, tmp_path: Path
) -> None:
    again = predicted(tmp_path, habitual, ask=unfit, shuffled=7)[1]
    assert_frame_equal(again, usual[1])
    assert usual[1]["drivers"].str.count_matches(r": -?[0-9a-z.]+ \([+-]").to_list() == [3] * usual[1].height


def coin(seed: int, sign: int) -> Shop:
    """Chance alone decides who buys in each 30 days; a visit stands `sign` days before each such purchase, after it if negative."""
    draw = random.Random(seed)
    orders, events = [], []
    for number in range(1200):
        name = f"c{number:04d}"
        orders.append(Order(name, FIRST + timedelta(days=draw.randrange(5)), ONE))
        for month in range(1, 18):
            if draw.random() < 0.3:
                cut_off = AS_OF - timedelta(days=30 * month)
                orders.append(Order(name, cut_off + timedelta(days=1), ONE))
                events.append((name, cut_off + timedelta(days=1) - timedelta(days=sign), "product_viewed"))
    return Shop(tuple(orders), tuple(events))


@pytest.mark.parametrize(("sign", "is_known"), [(-1, False), (0, False), (1, True)])
def test_a_sign_that_comes_with_the_purchase_or_after_it_is_not_found(tmp_path: Path, sign: int, is_known: bool) -> None:
    """Purchases come on the day after a cut-off: a visit on the day before tells everything, a later one must tell nothing."""
    found, _ = predicted(tmp_path, coin(3, sign))
    if is_known:
        assert best_auc(found["repurchase_30d"]) > 0.95
    else:
        assert best_auc(found["repurchase_30d"]) == pytest.approx(0.5, abs=0.06)


def asked(oracle: Callable[[str, date, int], float]) -> Ask:
    def of(names: dict[int, str]) -> FitBuying:
        def probabilities(snapshot: Snapshot, horizon_days: int) -> Numbers:
            return np.array([oracle(names[int(number)], snapshot.cutoff_on, horizon_days) for number in snapshot.customer_nos])

        return lambda *_: probabilities

    return of


def test_a_purchase_model_that_knows_better_is_used_and_named_and_one_that_guesses_is_not(
    tmp_path: Path, habitual: Shop, usual: tuple[dict[str, Prediction], pl.DataFrame]
) -> None:
    days: dict[str, list[date]] = {}
    for order in habitual.orders:
        days.setdefault(str(order.customer_id), []).append(order.paid_on)

    def knows(name: str, cutoff_on: date, horizon: int) -> float:
        return 0.8 if any(cutoff_on < day <= cutoff_on + timedelta(days=horizon) for day in days[name]) else 0.3

    found, rows = predicted(tmp_path, habitual, ask=asked(knows))
    names = {prediction.choice.model.name for prediction in found.values() if prediction.choice and prediction.choice.model}
    assert names == set(rows["model_name"]) == {"purchase_model_calibrated"}
    assert rows["drivers"].str.starts_with("purchase days: ").all()
    assert usual[0]["churn_90d"].choice and loss(usual[0]["churn_90d"], "logistic") > loss(found["churn_90d"], "purchase_model_calibrated")
    _, guessed = predicted(tmp_path, habitual, ask=asked(lambda name, *_: int(name[1:]) % 7 / 10))
    assert set(guessed["basis"]) == {"model"}
    assert not guessed["model_name"].str.starts_with("purchase_model").any()


def test_where_no_model_beats_the_recency_rule_the_rule_speaks_and_says_so(tmp_path: Path) -> None:
    """Who buys is chance, and this seed is one of those where what the models find in it is none."""
    found, rows = predicted(tmp_path, coin(4, -1), ask=unfit, min_boosted_customers=10**9)
    prediction = found["churn_90d"]
    assert prediction.choice and loss(prediction, "logistic") > loss(prediction, "recency_rule")
    assert prediction.choice.reason.startswith("no model beat the recency rule: logistic has log-loss ")
    mine = rows.filter(pl.col("target") == "churn_90d")
    assert set(mine["basis"]) == {"baseline"} and set(mine["model_name"]) == {"recency_rule"}
    assert mine["drivers"].str.starts_with("last purchase ").all()
    by_words = mine.group_by("drivers").agg(pl.col("probability").n_unique(), pl.len())
    assert by_words["probability"].to_list() == [1] * by_words.height


def test_who_denies_personalization_is_neither_scored_nor_learned_from(tmp_path: Path, habitual: Shop) -> None:
    denied = frozenset(f"c{number:04d}" for number in range(0, 700, 10))
    with_them = predicted(tmp_path, Shop(habitual.orders, opted_out=denied))[1]
    without = predicted(tmp_path, Shop(tuple(order for order in habitual.orders if order.customer_id not in denied)))[1]
    silent = with_them.filter(pl.col("customer_id").is_in(sorted(denied)))
    assert set(silent["basis"]) == {"opted_out"}
    assert silent.select("probability", "model_name", "drivers").null_count().row(0) == (silent.height,) * 3
    assert_frame_equal(with_them.filter(pl.col("basis") != "opted_out"), without)


def test_age_gender_and_province_change_nothing_unless_they_are_named(
    tmp_path: Path, usual: tuple[dict[str, Prediction], pl.DataFrame], habitual: Shop
) -> None:
    intervals = {f"c{number:04d}": {"gender": "female" if number % 2 else "male"} for number in range(700)}
    shop = Shop(habitual.orders, people=intervals)
    assert_frame_equal(predicted(tmp_path, shop, ask=unfit)[1], usual[1])
    allowed, _ = predicted(tmp_path, shop, ask=unfit, sensitive_features=["is_female"])
    choice = allowed["churn_90d"].choice
    assert choice and choice.model
    assert "is_female" in choice.model.parameters["features"]


BAD: dict[str, Shop] = {
    "nobody": Shop(),
    "ten customers": habits(5, 10),
    "all bought once": Shop(tuple(Order(f"c{n:03d}", FIRST + timedelta(days=n), ONE) for n in range(400))),
    "all on one day": Shop(tuple(Order(f"c{n:03d}", FIRST, ONE) for n in range(400))),
    "all today": Shop(tuple(Order(f"c{n:03d}", AS_OF, ONE) for n in range(400))),
    "all on every day": Shop(tuple(Order(f"c{n:03d}", FIRST + timedelta(days=day), ONE) for n in range(60) for day in range(0, 560, 3))),
    "nothing but zeros": Shop(tuple(Order(o.customer_id, o.paid_on, Decimal(0)) for o in habits(6, 300).orders)),
    "one giant": Shop(
        (*habits(7, 300).orders, *(Order("giant", FIRST + timedelta(days=n % 540), Decimal("99999999.99")) for n in range(100_000)))
    ),
    "twenty years": Shop(
        tuple(Order(f"c{n:03d}", AS_OF - timedelta(days=age), ONE) for n in range(300) for age in range(n % 30, 7300, 97 + n))
    ),
    "everything given back": Shop(
        tuple(Order(o.customer_id, o.paid_on, ONE, refunded_on=o.paid_on, is_full=True) for o in habits(8, 50).orders)
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_input_gives_a_stated_basis_and_no_nonsense(tmp_path: Path, name: str) -> None:
    found, rows = predicted(tmp_path, BAD[name])
    assert set(rows["basis"]) <= {"model", "baseline", "too_little_data"}
    assert rows.filter((pl.col("basis") == "too_little_data") != pl.col("probability").is_null()).is_empty()
    bought = {o.customer_id for o in BAD[name].orders if o.paid_on <= AS_OF and not o.is_full}
    assert set(rows["customer_id"]) == bought
    for prediction in found.values():
        for trial in prediction.choice.trials if prediction.choice else ():
            assert (trial.judgement is None) == (trial.why_not is not None)
            if trial.judgement:
                assert all(math.isfinite(value) for value in trial.judgement.as_metrics().values())


def test_few_customers_get_no_probability_and_one_time_buyers_a_small_one(tmp_path: Path) -> None:
    assert set(predicted(tmp_path, BAD["ten customers"])[1]["basis"]) == {"too_little_data"}
    assert set(predicted(tmp_path, BAD["all today"])[1]["basis"]) == {"too_little_data"}
    rows = predicted(tmp_path, BAD["all bought once"])[1]
    assert set(rows["basis"]) == {"baseline"}
    assert rows.filter(pl.col("target") == "repurchase_30d")["probability"].max() < 0.05  # type: ignore[operator]
    assert rows.filter(pl.col("target") == "churn_90d")["probability"].min() > 0.95  # type: ignore[operator]
