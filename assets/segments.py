"""Assets of the segments stage: who is on which list today, decided by the one gate."""

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.contracts.segment_tables import SEGMENT_TABLES
from pipelines.segments import decide_memberships

_UPSTREAM = ["mart_marketing__customer_360", "golden_customers", "golden_consents"]


@dg.multi_asset(specs=specs(SEGMENT_TABLES, deps=_UPSTREAM, partitions=DAILY, kind="duckdb"), backfill_policy=ONE_BY_ONE)
def segments(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Match every segment and send the matches through the gate."""
    report = decide_memberships(home.run(context.partition_key))
    return dg.MaterializeResult(asset_key="segment_memberships", metadata={"waterfalls": report.as_metadata()})
