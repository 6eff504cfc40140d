"""The step as a run calls it: from marts to a row a customer, with what every row rests on; and what it does with hostile shops."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from expectations import validate_table
from pipelines.contracts.run import Run
from pipelines.contracts.value_tables import VALUE_BACKTESTS, VALUE_CUSTOMERS, VALUE_MODELS
from pipelines.value.purchases.histories import create_histories, create_purchase_days
from pipelines.value.purchases.judging import auc, deciles, deviance, log_loss
from tests.value.marts import Purchase, predicted, run_on, table, told
from tests.value.simulated import last_day, shop

OWN = (VALUE_CUSTOMERS, VALUE_MODELS, VALUE_BACKTESTS)
DAYS, CUSTOMERS = 400, 3000
AS_OF = last_day(DAYS)
CUTOFF = AS_OF - timedelta(days=90)
START = date(2024, 1, 1)
NUMBERS = [
    *("probability_alive", "purchase_probability_30d", "purchase_probability_90d", "predicted_purchases_30d", "predicted_purchases_90d"),
    *("predicted_purchases_365d", "predicted_purchase_amount", "predicted_net_amount_30d", "predicted_net_amount_90d"),
    *("predicted_net_amount_365d", "ltv_predicted_12m", "ltv_predicted_low_12m", "ltv_predicted_high_12m"),
]


def assert_sane(run: Run) -> None:
    """Every suite of the stage is green, so that nothing is NaN, infinite or out of its bounds."""
    for contract in OWN:
        verdict = validate_table(contract.name, str(run.home.table(contract.name) / "**" / "*.parquet"), memory_limit="500MB", threads=1)
        assert verdict.passed, (contract.name, verdict.failures)


def used(run: Run) -> dict[str, str]:
    return dict(table(run, "value_models").filter("is_used").select("target", "model_name").rows())


@pytest.fixture(scope="module")
def purchases() -> pl.DataFrame:
    """With gifts: every ninth purchase brings no money."""
    return shop(CUSTOMERS, DAYS).with_columns(net_amount=pl.when(pl.int_range(pl.len()) % 9 == 0).then(0.0).otherwise("net_amount"))


@pytest.fixture(scope="module")
def run(purchases: pl.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Run:
    run = run_on(tmp_path_factory.mktemp("value"), purchases, AS_OF, others=["z_without"], denied=["c0000003", "c0000004", "z_other"])
    predicted(run)
    return run


@pytest.fixture(scope="module")
def customers(run: Run) -> pl.DataFrame:
    return table(run, "value_customers").sort("customer_id")


def test_every_customer_has_one_row_and_a_basis(customers: pl.DataFrame) -> None:
    assert customers["customer_id"].n_unique() == customers.height == CUSTOMERS + 1
    bases = dict(customers["value_basis"].value_counts().rows())
    assert bases == {"model": CUSTOMERS - 2, "opted_out": 2, "no_purchase": 1}


def test_what_is_published_is_green(run: Run) -> None:
    assert_sane(run)


def test_nothing_is_said_of_who_denied_personalization_or_never_bought(customers: pl.DataFrame) -> None:
    silent = customers.filter(pl.col("value_basis").is_in(["opted_out", "no_purchase"])).select(NUMBERS)
    assert silent.null_count().row(0) == (3,) * len(NUMBERS)
    assert customers.filter(value_basis="model").select(NUMBERS).null_count().row(0) == (0,) * len(NUMBERS)


def test_models_are_told_with_window_parameters_and_reasons(run: Run) -> None:
    models = table(run, "value_models")
    assert used(run) == {"purchases": "bg_nbd", "purchase_amount": "gamma_gamma", "net_amount": "purchases_by_amount"}
    fitted = models.filter(model_name="bg_nbd").row(0, named=True)
    assert (fitted["data_until_on"], fitted["customer_count"], fitted["code_version"]) == (AS_OF, CUSTOMERS, "code")
    parameters = json.loads(fitted["parameters"])
    assert set(parameters) == {"r", "alpha", "a", "b", "standard_errors", "log_likelihood", "without_spread"}
    assert "beats every simple rule" in fitted["reason"]
    assert models.filter("is_baseline")["is_used"].to_list() == [False] * 6


def test_expectations_add_up_to_what_comes(run: Run) -> None:
    """Lives as the model says: over all customers, expected and actual purchases of the back-test differ by chance alone."""
    weeks = table(run, "value_backtests").filter(metric="purchases_by_week", model_name="bg_nbd").sort("bucket")
    assert weeks["bucket"].to_list() == [f"{week:02d}" for week in range(1, 14)]
    expected, actual = weeks["expected"].sum(), weeks["actual"].sum()
    assert actual == pytest.approx(expected, abs=4 * expected**0.5 + 0.03 * expected)


def plain_backtest(purchases: pl.DataFrame) -> tuple[dict[str, int], dict[str, float], dict[str, float]]:
    """In plain Python, of customers known at the cut-off: purchase days after it, net amount after it, and what the rule expects.

    As many purchase days as in the 90 days before it; who had none is given the mean of who had none in the 90 days before those.
    """
    money: dict[tuple[str, date], float] = defaultdict(float)
    for customer, day, amount in purchases.iter_rows():
        money[customer, day] += amount
    known = {customer for customer, day in money if day <= CUTOFF}
    after, net, before, earlier = (dict.fromkeys(known, 0) for _ in range(4))
    first: dict[str, date] = {}
    for customer, day in money:
        first[customer] = min(first.get(customer, day), day)
    for (customer, day), amount in money.items():
        if customer in known and day > CUTOFF:
            after[customer] += 1
            net[customer] += amount  # type: ignore[assignment]
        elif customer in known and day > CUTOFF - timedelta(days=90):
            before[customer] += 1
        elif customer in known and day > CUTOFF - timedelta(days=180):
            earlier[customer] += 1
    silent = [customer for customer in known if earlier[customer] == 0 and first[customer] <= CUTOFF - timedelta(days=90)]
    after_silence = sum(before[customer] for customer in silent) / len(silent)
    return after, net, {customer: float(before[customer] or after_silence) for customer in known}  # type: ignore[return-value]


def test_back_test_counts_what_came_and_what_had_come(run: Run, purchases: pl.DataFrame) -> None:
    after, net, before = plain_backtest(purchases)
    found = table(run, "value_backtests").filter(pl.col("bucket") == "all")

    def figure(target: str, model: str, metric: str) -> Any:
        return found.filter(target=target, model_name=model, metric=metric)["expected"].item()

    assert figure("purchases", "bg_nbd", "actual_total") == sum(after.values())
    assert figure("net_amount", "last_period", "actual_total") == pytest.approx(sum(net.values()), abs=0.01)
    assert figure("purchases", "last_period", "expected_total") == pytest.approx(sum(before.values()))
    error = np.sqrt(np.mean([(before[customer] - after[customer]) ** 2 for customer in after]))
    assert figure("purchases", "last_period", "rmse") == pytest.approx(error, rel=1e-9)
    weeks = table(run, "value_backtests").filter(metric="purchases_by_week", model_name="mean")
    assert weeks["actual"].sum() == sum(after.values())
    assert weeks["customer_count"].unique().to_list() == [len(after)]


def test_what_the_back_test_expects_does_not_depend_on_what_came_after(run: Run, purchases: pl.DataFrame, tmp_path: Path) -> None:
    """The strongest test of a leak: take every later fact away, but one that keeps the day of the run what it is."""
    past = purchases.filter(pl.col("purchased_on") <= CUTOFF)
    other = run_on(tmp_path, past, AS_OF, denied=["c0000003"])
    predicted(other)

    def expected(of: Run) -> pl.DataFrame:
        rows = table(of, "value_backtests").filter(target="purchases", metric="purchases_by_week")
        return rows.select("model_name", "bucket", "expected").sort("model_name", "bucket")

    assert_frame_equal(expected(run), expected(other))


def test_same_purchases_in_another_order_give_the_same_bytes(run: Run, purchases: pl.DataFrame, tmp_path: Path) -> None:
    again = run_on(
        tmp_path, purchases.sample(fraction=1.0, shuffle=True, seed=5), AS_OF, others=["z_without"], denied=["c0000003", "c0000004"]
    )
    predicted(again)
    for contract in OWN:
        left, right = (table(one, contract.name).sort(contract.key) for one in (run, again))
        assert_frame_equal(left, right, check_exact=True)


def test_parts_of_a_large_shop_are_its_whole(run: Run, purchases: pl.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipelines.value.purchases.step._AT_ONCE", 700)
    again = run_on(tmp_path, purchases, AS_OF, others=["z_without"], denied=["c0000003", "c0000004"])
    predicted(again)
    assert len(list(again.home.table("value_customers").iterdir())) == 5
    assert_frame_equal(table(again, "value_customers").sort("customer_id"), table(run, "value_customers").sort("customer_id"))


def test_two_orders_of_one_day_are_one_purchase_day(tmp_path: Path, purchases: pl.DataFrame) -> None:
    """Split every order in two of half the money: nothing changes but by a cent."""
    halves = purchases.with_columns(net_amount=(pl.col("net_amount") / 2).round(2))
    rest = purchases.with_columns(net_amount=(pl.col("net_amount") - (pl.col("net_amount") / 2).round(2)).round(2))
    (tmp_path / "split").mkdir()
    (tmp_path / "whole").mkdir()
    split = predicted(run_on(tmp_path / "split", pl.concat([halves, rest]), AS_OF))
    whole = predicted(run_on(tmp_path / "whole", purchases, AS_OF))
    assert_frame_equal(split, whole)


def shops() -> Mapping[str, tuple[list[Purchase], str]]:
    """Hostile shops by name, with the basis that their customers must have."""
    day = timedelta(days=1)
    ten = [(f"c{who}", START + day * (who * 7 + step * 20), 50.0 + who) for who in range(10) for step in range(3)]
    once = [(f"c{who:04d}", START + day * (who % 200), 80.0) for who in range(500)]
    one_day = [(f"c{who:04d}", START, 80.0) for who in range(500) for _ in range(3)]
    regulars = [(f"c{who:04d}", START + day * (who % 50 + step * 17), 20.0 + who % 13) for who in range(300) for step in range(1 + who % 9)]
    addict = [("whale", START + day * (number % 240), 5.0) for number in range(100_000)]
    free = [(name, on, 0.0) for name, on, _ in regulars]
    negative = [(name, on, -1.0) for name, on, _ in regulars]
    long = [(f"c{who:04d}", START - day * 7000 + day * (who * 20 + step * 300), 30.0) for who in range(250) for step in range(1 + who % 7)]
    return {
        "ten customers": (ten, "too_little_data"),
        "all bought once": (once, "too_little_data"),
        "all on one day": (one_day, "too_little_data"),
        "one with 100,000 orders": (regulars + addict, "any"),
        "nothing but gifts": (free, "any"),
        "less than nothing": (negative, "any"),
        "twenty years": ([row for row in long if row[1] <= START + day * 300], "any"),
        "nobody": ([], "none"),
    }


@pytest.mark.parametrize("name", shops())
def test_hostile_shop_has_numbers_or_says_why_not(name: str, tmp_path: Path) -> None:
    purchases, basis = shops()[name]
    run = run_on(tmp_path, purchases, START + timedelta(days=300), others=["z"])
    customers = predicted(run)
    assert_sane(run)
    said = customers.filter(pl.col("customer_id") != "z")
    bases = set(said["purchase_basis"]) | set(said["value_basis"])
    if basis == "too_little_data":
        assert bases == {basis}
        assert said.select(NUMBERS).null_count().row(0) == (said.height,) * len(NUMBERS)
        assert table(run, "value_backtests").height == 0
    else:
        assert bases <= {"model", "baseline"}
    assert not table(run, "value_models").filter(pl.col("reason").str.strip_chars() == "").height
    # a reason is for people: it says how much there was and how much is needed
    if basis == "too_little_data":
        assert all("needed" in reason for reason in table(run, "value_models")["reason"])


def test_gifts_bring_no_money_and_keep_customers_alive(tmp_path: Path) -> None:
    purchases, _ = shops()["nothing but gifts"]
    customers = predicted(run_on(tmp_path, purchases, START + timedelta(days=300)))
    assert customers["ltv_predicted_12m"].max() == 0
    assert customers["predicted_purchases_90d"].max() > 0


def test_model_that_loses_to_a_simple_rule_is_not_used(tmp_path: Path) -> None:
    """Everybody buys every 10 days for ever at a price of their own: as many as last time is exactly right, and no chance process is."""
    purchases = [
        (f"c{who:04d}", START + timedelta(days=who % 10 + 10 * step), float(10 * 2 ** (who % 7)))
        for who in range(400)
        for step in range(30)
        if who % 10 + 10 * step <= 269
    ]
    run = run_on(tmp_path, purchases, START + timedelta(days=269))
    customers = predicted(run)
    assert_sane(run)
    assert used(run)["purchases"] == "last_period"
    assert set(customers["purchase_basis"]) == {"baseline"}
    assert customers["probability_alive"].null_count() == customers.height
    assert customers["predicted_purchases_90d"].unique().to_list() == [9.0]
    lost = table(run, "value_models").filter(pl.col("reason").str.contains("loses to a simple rule"))
    assert set(lost["target"]) >= {"purchases"}


def test_deciles_part_no_equals_and_count_everybody() -> None:
    values = np.array([0.1] * 55 + [0.2] * 40 + [0.9] * 5)
    tenths = deciles(values)
    assert [set(tenths[values == value]) for value in (0.1, 0.2, 0.9)] == [{0}, {5}, {9}]


def test_auc_and_log_loss_are_those_of_scikit_learn() -> None:
    from sklearn import metrics

    random = np.random.default_rng(1)
    probability = np.round(random.random(500), 1)
    happened = (random.random(500) < probability).astype(float)
    assert auc(probability, happened) == pytest.approx(metrics.roc_auc_score(happened, probability))
    inner = np.clip(probability, 0.05, 0.95)
    assert log_loss(inner, happened) == pytest.approx(metrics.log_loss(happened, inner))
    assert np.isnan(auc(probability, np.zeros(500)))


def test_deviance_is_that_of_scikit_learn_and_least_for_the_mean() -> None:
    from sklearn import metrics

    random = np.random.default_rng(2)
    mean = random.gamma(1.0, 2.0, 4000)
    came = random.poisson(mean).astype(float)
    assert deviance(mean, came) == pytest.approx(metrics.mean_poisson_deviance(came, mean))
    assert deviance(mean, came) < min(deviance(mean * 1.1, came), deviance(mean * 0.9, came), deviance(np.full(4000, came.mean()), came))
    silent = np.where(random.random(4000) < 0.5, mean, 0.0)
    assert np.isinf(deviance(silent, came))
    assert deviance(mean, np.minimum(came, 0) - 1) == deviance(mean, np.zeros(4000))


def test_run_tells_which_model_is_used_and_why(tmp_path: Path) -> None:
    found = told(run_on(tmp_path, shops()["ten customers"][0], START + timedelta(days=300)))
    assert found["purchases"] == "none: 10 customers have bought, 100 are needed"


def test_days_of_history_begin_with_the_first_purchase_of_all(tmp_path: Path) -> None:
    run = run_on(tmp_path, [("a", START, 1.0), ("b", START + timedelta(days=9), 1.0)], START + timedelta(days=30))
    with duckdb.connect() as connection:
        connection.execute(f"attach '{run.home.marts}' as marts (read_only)")
        create_purchase_days(connection, run)
        facts = create_histories(connection, "histories", run.as_of, [30])
    assert (facts.customers, facts.repeat_customers, facts.days, facts.paid_amount) == (2, 0, 30, 2.0)
