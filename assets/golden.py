"""Assets of the golden stage: the best value of each attribute of a customer, with where it came from."""

import dataclasses
from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.contracts.identity_tables import GOLDEN_TABLES
from pipelines.golden import build_golden

_UPSTREAM = ["channel_profiles", "channel_consents", "identity_contact_points", "identity_rejected_values", "identity_current"]


@dg.multi_asset(specs=specs(GOLDEN_TABLES, deps=_UPSTREAM, partitions=DAILY, kind="duckdb"), backfill_policy=ONE_BY_ONE)
def golden(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Choose the value of each attribute and the consent of each contact point."""
    report = build_golden(home.run(context.partition_key))
    yield from (dg.MaterializeResult(asset_key=table.name, metadata=dataclasses.asdict(report)) for table in GOLDEN_TABLES)
