"""The marts that the stage reads, in the file in which dbt leaves them, from plain purchases: what a test says, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from pipelines.contracts.config import Config
from pipelines.contracts.engine import literal, open_engine
from pipelines.contracts.home import Home
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.run import Run
from pipelines.contracts.storage import write_table
from pipelines.value.findings import write_findings
from pipelines.value.purchases import predict_purchases

Purchase = tuple[str, date, float]  # customer, day, net amount; 0 is a gift
_CONSENT = {"contact_type": "phone", "contact_value": "+8613812345678", "medium": "sms", "stated_at": None}


def run_on(
    root: Path,
    purchases: Iterable[Purchase] | pl.DataFrame,
    as_of: date,
    settings: dict[str, Any] | None = None,
    others: Iterable[str] = (),
    denied: Iterable[str] = (),
) -> Run:
    """A run of the day whose marts hold `purchases`; `others` are customers without one, and `denied` said no to personalization."""
    run = Run(as_of, Config.model_validate({"value": settings or {}}), Home(root), root)
    schema = {"customer_id": pl.String, "purchased_on": pl.Date, "net_amount": pl.Float64}
    frame = purchases if isinstance(purchases, pl.DataFrame) else pl.DataFrame(list(purchases), schema=schema, orient="row")
    orders = frame.select(
        order_key=pl.concat_str(pl.lit("o:"), pl.int_range(pl.len()).cast(pl.String)),
        customer_id="customer_id",
        purchased_on="purchased_on",
        net_amount=pl.col("net_amount").cast(pl.Decimal(18, 2)),
        is_purchase=pl.lit(True),
    )
    run.home.marts.parent.mkdir(parents=True, exist_ok=True)
    orders.write_parquet(root / "orders.parquet")
    pl.DataFrame({"customer_id": list(others)}, schema={"customer_id": pl.String}).write_parquet(root / "others.parquet")
    with duckdb.connect(str(run.home.marts)) as marts:
        marts.execute(f"create or replace table fct_orders as from read_parquet('{root}/orders.parquet')")
        marts.execute(
            "create or replace table dim_customers as select distinct customer_id from fct_orders"
            f" union select customer_id from read_parquet('{root}/others.parquet')"
        )
    consents = [{"customer_id": name, "purpose": "personalization", "status": "denied", **_CONSENT} for name in denied]
    frame = pl.DataFrame(consents, schema=GOLDEN_CONSENTS.schema)
    write_table(frame, GOLDEN_CONSENTS, run.home.table("golden_consents") / "part-0.parquet")
    return run


def told(run: Run) -> dict[str, str]:
    """Predict purchases alone, as the stage does: what is used of each target, and why."""
    with open_engine(run, "value") as connection:
        connection.execute(f"attach {literal(str(run.home.marts))} as marts (read_only)")
        return write_findings(run, "code", [predict_purchases(connection, run)])


def predicted(run: Run) -> pl.DataFrame:
    """VALUE_CUSTOMERS of a run of the stage, by customer."""
    told(run)
    return table(run, "value_customers").sort("customer_id")


def table(run: Run, name: str) -> pl.DataFrame:
    return pl.read_parquet(run.home.table(name) / "**" / "*.parquet")
