"""The learned predictions as a run writes them: tables of the day, what is told of the models, and groups that follow the day before."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal

from pipelines.contracts.config import Config
from pipelines.contracts.engine import create_from_frame, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS, GOLDEN_CUSTOMERS
from pipelines.contracts.propensity_tables import VALUE_CLUSTERS, VALUE_CUSTOMER_CLUSTERS, VALUE_PROPENSITIES
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table
from pipelines.value.clusters import find_clusters
from pipelines.value.findings import Findings
from pipelines.value.propensity import predict_propensities
from tests.value.propensity.shop import Order, Shop, tables
from tests.value.propensity.test_prediction import AS_OF, habits

DENIED = frozenset(f"c{number:04d}" for number in range(0, 300, 20))


def ran(root: Path, shop: Shop, as_of: date = AS_OF, shuffled: int | None = None) -> tuple[Run, list[Findings]]:
    """One run of the learned part of the stage."""
    run = Run(as_of, Config(), Home(root), root)
    frames = tables(shop.until(as_of), shuffled=shuffled)
    for table in (GOLDEN_CUSTOMERS, GOLDEN_CONSENTS):
        frame = frames.pop(table.name)
        nulls = [pl.lit(None, dtype=kind).alias(name) for name, kind in table.schema.items() if name not in frame.columns]
        write_table(frame.with_columns(nulls), table, run.home.table(table.name) / "part-0.parquet")
    with open_engine(run, "test") as connection:
        connection.execute("attach ':memory:' as marts")
        for name, frame in frames.items():
            create_from_frame(connection, f"marts.{name}", frame)
        return run, [predict_propensities(connection, run), find_clusters(connection, run)]


def rows(run: Run, table: Table, part: str = "") -> pl.DataFrame:
    return pl.read_parquet(run.home.table(table.name) / part / "*.parquet", hive_partitioning=False)


@pytest.fixture(scope="module")
def shop() -> Shop:
    return Shop(habits(11, 300, arrive=520).orders, opted_out=DENIED)


@pytest.fixture(scope="module")
def first(shop: Shop, tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, list[Findings]]:
    return ran(tmp_path_factory.mktemp("first"), shop)


def test_every_buyer_has_both_probabilities_and_a_group_and_who_denied_has_none(first: tuple[Run, list[Findings]], shop: Shop) -> None:
    run, _ = first
    buyers = {order.customer_id for order in shop.orders if order.paid_on <= AS_OF}
    propensities, grouped = rows(run, VALUE_PROPENSITIES), rows(run, VALUE_CUSTOMER_CLUSTERS)
    assert set(propensities["customer_id"]) == buyers and propensities.height == 2 * len(buyers)
    assert set(propensities.filter(pl.col("basis") == "opted_out")["customer_id"]) == DENIED & buyers
    assert propensities.filter(~pl.col("customer_id").is_in(sorted(DENIED)))["probability"].null_count() == 0
    assert set(grouped["customer_id"]) == buyers - DENIED and grouped["customer_id"].is_unique().all()


def test_groups_add_up_and_say_what_they_are(first: tuple[Run, list[Findings]]) -> None:
    run, (_, findings) = first
    clusters, grouped = rows(run, VALUE_CLUSTERS, f"as_of={AS_OF}"), rows(run, VALUE_CUSTOMER_CLUSTERS)
    counted = grouped.group_by("cluster", "label").len().sort("cluster")
    assert counted.rows() == clusters.select("cluster", "label", "customer_count").rows()
    assert clusters["customer_rate"].sum() == pytest.approx(1)
    assert {"high_value_loyal", "churn_risk"} <= set(clusters["label"])
    best = clusters.filter(pl.col("label") == "high_value_loyal").row(0, named=True)
    assert "buys often" in best["description"] or "spends much" in best["description"]
    means = [json.loads(text)["purchase_day_count_365d"] for text in clusters["means"]]
    assert max(means) == json.loads(best["means"])["purchase_day_count_365d"]
    [model] = findings.models
    assert (model.is_used, model.parameters["is_new_start"]) == (True, True)  # type: ignore[index]


def test_what_is_told_of_the_models_is_what_was_measured(first: tuple[Run, list[Findings]]) -> None:
    run, (findings, _) = first
    names = {"purchase_model", "purchase_model_calibrated", "logistic", "boosting", "recency_rule", "last_period", "mean"}
    for target, by_decile in (("churn_90d", "churn_probability_by_decile"), ("repurchase_30d", "repurchase_probability_by_decile")):
        models = {model.model_name: model for model in findings.models if model.target == target}
        assert set(models) == names
        [used] = [model for model in models.values() if model.is_used]
        spoken = rows(run, VALUE_PROPENSITIES).filter(pl.col("target") == target)["model_name"].drop_nulls().unique().to_list()
        assert spoken == [used.model_name]
        assert used.metrics and used.parameters and used.customer_count > 0 and used.data_until_on == AS_OF
        assert models["boosting"].reason == "not enough customers or outcomes to learn from"
        tests = findings.backtests.filter((pl.col("target") == target) & (pl.col("model_name") == used.model_name))
        assert set(tests["metric"]) == {"log_loss", "brier", "auc", "calibration_error", by_decile}
        [log_loss] = tests.filter(pl.col("metric") == "log_loss")["expected"].to_list()
        assert log_loss == used.metrics["log_loss"]
        groups = tests.filter(pl.col("metric") == by_decile).sort("bucket")
        assert groups["expected"].is_sorted()
        assert groups["customer_count"].sum() == tests.filter(pl.col("metric") == "log_loss")["customer_count"].item()
        assert groups["cutoff_on"].unique().to_list() == [AS_OF - timedelta(days=groups["horizon_days"][0])]


def test_the_back_test_counts_who_really_stayed_away(first: tuple[Run, list[Findings]], shop: Shop) -> None:
    cutoff = AS_OF - timedelta(days=90)
    known = {order.customer_id for order in shop.orders if order.paid_on <= cutoff} - DENIED
    bought = {order.customer_id for order in shop.orders if cutoff < order.paid_on <= AS_OF} & known
    groups = first[1][0].backtests.filter(
        pl.col("target") == "churn_90d", pl.col("metric") == "churn_probability_by_decile", pl.col("model_name") == "mean"
    )
    [row] = groups.to_dicts()
    assert (row["customer_count"], row["actual"]) == (len(known), pytest.approx(1 - len(bought) / len(known), abs=1e-6))


def test_the_same_day_again_gives_the_same_tables(first: tuple[Run, list[Findings]], shop: Shop, tmp_path: Path) -> None:
    again, _ = ran(tmp_path, shop, shuffled=5)
    repeated, _ = ran(tmp_path, shop, shuffled=6)
    for table, part in ((VALUE_PROPENSITIES, ""), (VALUE_CUSTOMER_CLUSTERS, ""), (VALUE_CLUSTERS, f"as_of={AS_OF}")):
        assert_frame_equal(rows(first[0], table, part), rows(again, table, part))
        assert_frame_equal(rows(first[0], table, part), rows(repeated, table, part))


def test_the_next_day_begins_with_the_groups_of_the_day_before(shop: Shop, tmp_path: Path) -> None:
    newcomers = tuple(Order(f"n{number}", AS_OF, shop.orders[0].amount) for number in range(5))
    grown = Shop(shop.orders + newcomers, opted_out=DENIED)
    before, _ = ran(tmp_path, grown, AS_OF - timedelta(days=1))
    yesterday = rows(before, VALUE_CUSTOMER_CLUSTERS)
    after, (_, findings) = ran(tmp_path, grown)
    today = rows(after, VALUE_CUSTOMER_CLUSTERS)
    joined = yesterday.join(today, on="customer_id", suffix="_today")
    assert joined.height == yesterday.height and today.height == yesterday.height + 5
    bought = {order.customer_id for order in grown.orders if order.paid_on == AS_OF}
    quiet = joined.filter(~pl.col("customer_id").is_in(sorted(str(name) for name in bought)))
    assert (quiet["cluster"] == quiet["cluster_today"]).mean() > 0.93  # type: ignore[operator]
    assert findings.models[0].parameters["is_new_start"] is False  # type: ignore[index]
    days = rows(after, VALUE_CLUSTERS, f"as_of={AS_OF}"), rows(after, VALUE_CLUSTERS, f"as_of={AS_OF - timedelta(days=1)}")
    assert days[0]["cluster"].to_list() == days[1]["cluster"].to_list()


@pytest.mark.parametrize("customers", [0, 10])
def test_too_few_buyers_give_empty_groups_and_say_so(tmp_path: Path, customers: int) -> None:
    run, (propensity, clusters) = ran(tmp_path, habits(12, customers) if customers else Shop())
    assert rows(run, VALUE_CUSTOMER_CLUSTERS).is_empty() and rows(run, VALUE_CLUSTERS, f"as_of={AS_OF}").is_empty()
    assert clusters.models[0].reason == f"{customers} buyers, 100 are needed"
    assert set(rows(run, VALUE_PROPENSITIES)["basis"]) <= {"too_little_data"}
    assert not any(model.is_used for model in propensity.models) and all(model.reason for model in propensity.models)
