"""Assets of the identity stage: source records in, one person each out."""

import dataclasses
from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.identity_tables import IDENTITY_TABLES
from pipelines.identity import resolve_identity


@dg.multi_asset(
    specs=specs(IDENTITY_TABLES, deps=[table.name for table in CANONICAL_TABLES], partitions=DAILY, kind="duckdb"),
    backfill_policy=ONE_BY_ONE,
)
def identity(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Decide who is one person today, given yesterday's ids."""
    report = resolve_identity(home.run(context.partition_key))
    yield from (dg.MaterializeResult(asset_key=table.name, metadata=dataclasses.asdict(report)) for table in IDENTITY_TABLES)
