"""Assets of the tags stage: what the tags are and who reads them, so that SQL and analysts know."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.contracts.tag_tables import TAG_TABLES
from pipelines.segments import read_definitions
from pipelines.tags import read_tags, write_tags


@dg.multi_asset(specs=specs(TAG_TABLES, partitions=DAILY), backfill_policy=ONE_BY_ONE)
def tags(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Write the declared tags with the segments that read them."""
    run = home.run(context.partition_key)
    write_tags(run, read_tags(), read_definitions(run.config.segments.folders).segments)
    yield from (dg.MaterializeResult(asset_key=table.name) for table in TAG_TABLES)
