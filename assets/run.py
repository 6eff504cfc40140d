"""Assets that hold what a run is a function of, so that SQL reads the day and the thresholds as data."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.contracts.run import RUN_TABLES, write_run_tables


@dg.multi_asset(specs=specs(RUN_TABLES, partitions=DAILY), backfill_policy=ONE_BY_ONE)
def run_settings(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Write the day, the thresholds and the currency rates of this run."""
    write_run_tables(home.run(context.partition_key))
    yield from (dg.MaterializeResult(asset_key=table.name) for table in RUN_TABLES)
