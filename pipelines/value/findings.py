"""What every kind of prediction tells of its models: rows of VALUE_MODELS and VALUE_BACKTESTS, written once for all of them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.contracts.tables import Table
from pipelines.contracts.value_tables import VALUE_BACKTESTS, VALUE_MODELS

_DIGITS = 10  # of a figure in JSON: beyond them, the order of additions shows


@dataclass(frozen=True, slots=True)
class Model:
    """A model or baseline for a target. `parameters` and `metrics` are what JSON holds; a float that is no number becomes null."""

    target: str
    model_name: str
    is_baseline: bool
    is_used: bool
    reason: str
    customer_count: int = 0
    data_from_on: date | None = None
    data_until_on: date | None = None
    parameters: Mapping[str, Any] | None = None
    metrics: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Findings:
    """Models of one kind of prediction, and their back-tests: a frame with the columns of VALUE_BACKTESTS but `as_of`."""

    models: tuple[Model, ...]
    backtests: pl.DataFrame


def no_backtests() -> pl.DataFrame:
    """Back-tests of what had too little time."""
    return pl.DataFrame(schema=VALUE_BACKTESTS.schema).drop("as_of")


def write_findings(run: Run, code_version: str, findings: Iterable[Findings]) -> dict[str, str]:
    """Write both tables of the run's day; earlier days stay. Return by target what is used and why, in words."""
    found = list(findings)
    models = [model for part in found for model in part.models]
    rows = [
        {
            "as_of": run.as_of,
            "target": model.target,
            "model_name": model.model_name,
            "is_baseline": model.is_baseline,
            "is_used": model.is_used,
            "reason": model.reason,
            "data_from_on": model.data_from_on,
            "data_until_on": model.data_until_on,
            "customer_count": model.customer_count,
            "parameters": _json(model.parameters or {}),
            "metrics": _json(model.metrics or {}),
            "code_version": code_version,
        }
        for model in models
    ]
    _write(run, VALUE_MODELS, pl.DataFrame(rows, schema=VALUE_MODELS.schema))
    backtests = pl.concat([no_backtests(), *(part.backtests.select(no_backtests().columns) for part in found)], how="vertical_relaxed")
    _write(run, VALUE_BACKTESTS, backtests.with_columns(as_of=pl.lit(run.as_of)))
    return _told(models)


def _write(run: Run, table: Table, frame: pl.DataFrame) -> None:
    write_table(frame.sort(table.key), table, run.home.table(table.name) / f"as_of={run.as_of}" / "part-0.parquet")


def _told(models: Iterable[Model]) -> dict[str, str]:
    """By target: the model in use, else that there is none, with the reason."""
    told: dict[str, str] = {}
    for model in models:
        if model.is_used:
            told[model.target] = f"{model.model_name}: {model.reason}"
        else:
            told.setdefault(model.target, f"none: {model.reason}")
    return told


def _json(value: Mapping[str, Any]) -> str:
    return json.dumps(_plain(value), ensure_ascii=False, sort_keys=True, allow_nan=False)


def _plain(value: Any) -> Any:
    """`value` with floats cut to their certain digits, and null for what is no number."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if abs(value) < float("inf") else None
    return value
