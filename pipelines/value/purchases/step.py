"""The purchase model of a run: who bought on how many days, the model that fits them, and what it expects of each."""

from __future__ import annotations

import duckdb

from pipelines.contracts.engine import lake_rows, write_query
from pipelines.contracts.identity_tables import GOLDEN_CONSENTS
from pipelines.contracts.run import Run
from pipelines.contracts.value_tables import VALUE_CUSTOMERS
from pipelines.value.findings import Findings, Model, no_backtests

_NOT_PREDICTED = """
select
    customers.customer_id,
    case
        when customers.customer_id in (
            select customer_id from {consents} where purpose = 'personalization' and status = 'denied'
        ) then 'opted_out'
        when buyers.customer_id is null then 'no_purchase'
        else 'too_little_data'
    end as value_basis,
    {nulls}
from marts.dim_customers as customers
left join (select distinct customer_id from marts.fct_orders where is_purchase) as buyers using (customer_id)
order by customer_id
"""


def predict_purchases(connection: duckdb.DuckDBPyConnection, run: Run) -> Findings:
    """Write VALUE_CUSTOMERS; return the models and how they did."""
    nulls = ", ".join(f"null as {name}" for name in VALUE_CUSTOMERS.column_names[2:])
    query = _NOT_PREDICTED.format(consents=lake_rows(run, GOLDEN_CONSENTS), nulls=nulls)
    write_query(connection, query, VALUE_CUSTOMERS, run.home.table(VALUE_CUSTOMERS.name) / "part-0.parquet")
    models = tuple(
        Model(target, "none", is_baseline=False, is_used=False, reason="no model yet") for target in ("purchases", "purchase_amount")
    )
    return Findings(models, no_backtests())
