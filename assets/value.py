"""Assets of the value stage: what customers will do next, predicted from the marts and shown in those that are built after it."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.project import code_version
from assets.resources import HomeResource
from pipelines.contracts.value_tables import VALUE_TABLES
from pipelines.value import predict_values

_UPSTREAM = [
    "dim_customers",
    "dim_products",
    "fct_coupons",
    "fct_events",
    "fct_interactions",
    "fct_order_lines",
    "fct_orders",
    "fct_refunds",
    "fct_sends",
    "fct_tickets",
    "golden_consents",
    "golden_customers",
]


@dg.multi_asset(specs=specs(VALUE_TABLES, deps=_UPSTREAM, partitions=DAILY, kind="duckdb"), backfill_policy=ONE_BY_ONE)
def value(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Fit the models, judge them by what they would have said before, and predict with those that are worth it."""
    told = predict_values(home.run(context.partition_key), code_version())
    yield from (dg.MaterializeResult(asset_key=table.name, metadata=told) for table in VALUE_TABLES)
