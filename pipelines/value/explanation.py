"""What is expected of one customer and why, for `cdp explain`: read from the tables of the last run, computed nowhere."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from pipelines.contracts.propensity_tables import VALUE_CLUSTERS, VALUE_CUSTOMER_CLUSTERS, VALUE_PROPENSITIES
from pipelines.contracts.run import Run
from pipelines.contracts.tables import Table


@dataclass(frozen=True, slots=True)
class Outlook:
    """One row of VALUE_PROPENSITIES; `drivers` in the order of their strength."""

    target: str
    probability: float | None
    basis: str
    model_name: str | None
    drivers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """The group that the customer is in, with the words for it."""

    cluster: int
    label: str
    description: str | None


@dataclass(frozen=True, slots=True)
class Expected:
    """All of it: empty for who has not bought, or where no run has predicted anything."""

    outlooks: tuple[Outlook, ...]
    group: Group | None


def expected_of(run: Run, customer_id: str) -> Expected:
    """What the last run expects of the customer."""
    rows = _rows(run, VALUE_PROPENSITIES, "*.parquet").filter(pl.col("customer_id") == customer_id).sort("target").collect().to_dicts()
    outlooks = tuple(
        Outlook(
            row["target"], row["probability"], row["basis"], row["model_name"], tuple(row["drivers"].split("; ")) if row["drivers"] else ()
        )
        for row in rows
    )
    return Expected(outlooks, _group(run, customer_id))


def _group(run: Run, customer_id: str) -> Group | None:
    found = _rows(run, VALUE_CUSTOMER_CLUSTERS, "*.parquet").filter(pl.col("customer_id") == customer_id).collect().to_dicts()
    if not found:
        return None
    [row] = found
    told = _rows(run, VALUE_CLUSTERS, f"as_of={run.as_of}/*.parquet").filter(pl.col("cluster") == row["cluster"]).collect()
    return Group(row["cluster"], row["label"], told["description"].item() if told.height else None)


def _rows(run: Run, table: Table, pattern: str) -> pl.LazyFrame:
    if not any(run.home.table(table.name).glob(pattern)):
        return pl.LazyFrame(schema=table.schema)
    return pl.scan_parquet(run.home.table(table.name) / pattern, hive_partitioning=False)
