"""Assets of the campaigns stage: what people have planned, so that SQL sets it beside what came of it."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.campaigns import read_campaigns, write_campaigns
from pipelines.contracts.campaign_tables import CAMPAIGN_TABLES
from pipelines.segments import read_definitions


@dg.multi_asset(specs=specs(CAMPAIGN_TABLES, partitions=DAILY), backfill_policy=ONE_BY_ONE)
def campaigns(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Write the registered campaigns and what belongs to each."""
    run = home.run(context.partition_key)
    definitions = read_definitions(run.config.segments.folders)
    write_campaigns(run, read_campaigns(run.reference, run.config.marketing.campaign_folders, definitions))
    yield from (dg.MaterializeResult(asset_key=table.name) for table in CAMPAIGN_TABLES)
