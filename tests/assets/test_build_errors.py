"""What a failed build tells: the database's words, and nobody's phone."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import polars as pl
import pytest

from assets.build_errors import build_error, database_error
from assets.resources import Progress
from assets.warehouse import invoke_dbt
from pipelines.contracts.config import Config
from tests.dbt.lake import TinyLake, tiny_run

PHONE, NAME = "13812345678", "Li Lei"


@pytest.mark.parametrize(
    "said",
    [
        f"Conversion Error: Could not convert string '{PHONE}' to INT32",
        f"Conversion Error: Could not convert string '{NAME}' to DATE when casting from source column birth_on\n\n  LINE 3: a",
        f'Conversion Error: Casting value "{NAME}" to type DECIMAL(18,2) failed: value is out of range!',
        f"Conversion Error: Type INT64 with value {PHONE} can't be cast because the value is out of range for the destination type INT32",
        f'Constraint Error: Duplicate key "full_name: {NAME}" violates primary key constraint.',
        f'Invalid Input Error: Malformed JSON at byte 1 of input: unexpected character. Input: "{{"name": "{NAME}"}}"',
        f"Invalid Input Error: '{NAME}' is no zone, and neither is 'O'Hara, {NAME}'",
        "Conversion Error: invalid value lei@example.com",
    ],
)
def test_values_of_a_row_are_not_told(said: str) -> None:
    told = database_error(f"Runtime Error in model dim_customers (models/marts/core/dim_customers.sql)\n  {said}")
    assert told.startswith(said.split(":")[0])
    assert not [value for value in (PHONE, NAME, "Lei", "O'Hara", "lei@") if value in told]
    assert "dim_customers" not in told


def test_what_sql_is_about_is_told_whole() -> None:
    said = 'Binder Error: Values list "source" does not have a column named "region"'
    assert database_error(f"Runtime Error in model stores (stores.sql)\n  {said}\n  \n  LINE 20:  source.region,\n   ^").startswith(said)
    assert "/lake/stores/part-0.parquet" in database_error("Invalid Input Error: File '/lake/stores/part-0.parquet' too small")
    assert database_error("Got 3 results, configured to fail if != 0") == "Got 3 results, configured to fail if != 0"
    assert database_error(None) == "failed"
    assert len(database_error("IO Error: " + "x" * 10_000)) <= 400


def test_a_broken_table_of_the_lake_names_model_error_sql_and_what_to_do(dbt_manifest: Path, tmp_path: Path) -> None:
    run = tiny_run(tmp_path, date(2026, 10, 31))
    lake = TinyLake()
    lake.add("currency_rates", currency_code="USD", reporting_currency_code="CNY", rate=7)
    lake.write(run.home, run)
    rates = run.home.table("currency_rates") / "part-0.parquet"
    pl.read_parquet(rates).with_columns(valid_from_on=pl.lit(f"{PHONE} {NAME}")).write_parquet(rates)
    results = invoke_dbt(run.home, Config(), ["run", "--select", "int_currency_rates"], Progress()).results
    told = str(build_error([result for result in results if str(result.status) == "error"]))
    assert told.startswith("dbt: model int_currency_rates (models/intermediate/int_currency_rates.sql): Binder Error: Cannot mix")
    assert "nothing was published" in told
    path = Path(told.partition("its SQL: ")[2].partition(" ->")[0])
    assert "coalesce" in path.read_text(encoding="utf-8")


def test_the_advice_is_that_of_the_error() -> None:
    node = SimpleNamespace(name="orders", original_file_path="orders.sql", compiled_path=None, resource_type=SimpleNamespace(value="model"))

    def told(*messages: str) -> str:
        results: list[Any] = [SimpleNamespace(node=node, message=message) for message in messages]
        return str(build_error(results))

    assert "engine.memory_limit" in told("Out of Memory Error: failed to allocate 2 GB")
    assert "free space" in told("IO Error: Could not write: No space left on device")
    many = told(*["Binder Error: x"] * 5)
    assert many.count("model orders") == 3
    assert "and 2 more" in many
