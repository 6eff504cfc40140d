"""The probabilities of a run: from the marts to rows a customer, and what is told of the models behind them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.engine import lake_rows, write_query
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS, GOLDEN_CUSTOMERS
from pipelines.contracts.propensity_tables import VALUE_PROPENSITIES
from pipelines.contracts.run import Run
from pipelines.value.findings import Findings, Model, no_backtests
from pipelines.value.propensity.candidates import BASELINES, LEARNED
from pipelines.value.propensity.choosing import Choice, Trial
from pipelines.value.propensity.facts import SOURCES, create_facts
from pipelines.value.propensity.judging import Judgement
from pipelines.value.propensity.scoring import Prediction, Target, predict


def predict_propensities(connection: duckdb.DuckDBPyConnection, run: Run) -> Findings:
    """Write VALUE_PROPENSITIES; return the models and how they did. Needs the marts attached as `marts`.

    Leaves the tables of `create_facts`, and `features_now`: the features of the day.
    """
    sources = {name: f"marts.{name}" for name in SOURCES if name.startswith("fct_")}
    sources |= {table.name: lake_rows(run, table) for table in (GOLDEN_CUSTOMERS, GOLDEN_CONSENTS)}
    create_facts(connection, sources, run.config.business_time_zone)
    threads = run.config.engine.threads
    predictions = predict(connection, run.as_of, run.config.propensity, sources["fct_orders"], threads=threads)
    query = "select * from propensities order by target, customer_id"
    write_query(connection, query, VALUE_PROPENSITIES, run.home.table(VALUE_PROPENSITIES.name) / "part-0.parquet")
    connection.execute("drop table propensities")
    return findings_of(predictions, run.as_of)


def findings_of(predictions: tuple[Prediction, ...], as_of: date) -> Findings:
    """What value_models and value_backtests hold of them."""
    models = tuple(model for prediction in predictions for model in _models(prediction, as_of))
    rows = [row for prediction in predictions if prediction.choice for row in _backtests(prediction.target, prediction.choice)]
    return Findings(models, pl.DataFrame(rows, schema=no_backtests().schema))


def _models(prediction: Prediction, as_of: date) -> Iterator[Model]:
    target, choice = prediction.target, prediction.choice
    if choice is None:
        names = (*LEARNED, *BASELINES)
        yield from (Model(target.name, name, name in BASELINES, is_used=False, reason="nobody has bought yet") for name in names)
        return
    for trial in choice.trials:
        used = choice.model if choice.model is not None and choice.model.name == trial.model_name else None
        fitted = used is not None or trial.judgement is not None
        yield Model(
            target.name,
            trial.model_name,
            trial.is_baseline,
            is_used=used is not None,
            reason=choice.reason if used else _why_not(trial, choice),
            customer_count=used.customer_count if used else trial.customer_count,
            data_from_on=prediction.data_from_on if fitted else None,
            data_until_on=None if not fitted else as_of if used else choice.tested_on,
            parameters=used.parameters if used else None,
            metrics=trial.judgement.as_metrics() if trial.judgement else None,
        )


def _why_not(trial: Trial, choice: Choice) -> str:
    if trial.judgement is not None:
        return f"log-loss {trial.judgement.log_loss:.4f} on {choice.tested_on}"
    return trial.why_not or choice.reason


def _backtests(target: Target, choice: Choice) -> Iterator[dict[str, Any]]:
    for trial in choice.trials:
        if trial.judgement is None:
            continue
        common = {
            "target": target.name,
            "model_name": trial.model_name,
            "is_baseline": trial.is_baseline,
            "cutoff_on": choice.tested_on,
            "horizon_days": target.horizon_days,
        }
        for metric, value in trial.judgement.as_metrics().items():
            yield common | {"metric": metric, "bucket": "all", "expected": value, "actual": None, "customer_count": choice.test_count}
        yield from (common | row for row in _calibration(trial.judgement, target))


def _calibration(judgement: Judgement, target: Target) -> Iterator[dict[str, Any]]:
    """By tenth of the customers, the smallest probability of the target first."""
    for group in judgement.groups:
        number = 11 - group.number if target.is_reversed else group.number
        expected, actual = (1 - group.expected, 1 - group.actual) if target.is_reversed else (group.expected, group.actual)
        yield {
            "metric": target.by_decile,
            "bucket": f"{number:02d}",
            "expected": round(expected, 6),
            "actual": round(actual, 6),
            "customer_count": group.customer_count,
        }
