"""Assets of the segments stage: where earlier lists put everybody, and who is on which list today, decided by the one gate."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.resources import HomeResource
from pipelines.contracts.segment_tables import CONTACT_LEDGER, SEGMENT_ASSIGNMENTS, SEGMENT_FAULTS, SEGMENT_MEMBERSHIPS
from pipelines.segments import decide_memberships, settle_assignments

_UPSTREAM = [
    *("mart_marketing__customer_360", "fct_sends", "golden_customers", "golden_consents", "identity_changes", "identity_households"),
    *("channel_sends", "channel_consents", "campaign_sources"),
]


# it reads the lists of the days before, which no dependency says: they hang on the marts, and the marts on this
@dg.multi_asset(
    specs=specs([SEGMENT_ASSIGNMENTS], deps=["identity_changes", "identity_households"], partitions=DAILY, kind="duckdb"),
    backfill_policy=ONE_BY_ONE,
)
def assignments(context: dg.AssetExecutionContext, home: HomeResource) -> dg.MaterializeResult[None]:
    """Settle where the lists of the days before first put every customer."""
    settle_assignments(home.run(context.partition_key))
    return dg.MaterializeResult(asset_key=SEGMENT_ASSIGNMENTS.name)


@dg.multi_asset(
    specs=specs([CONTACT_LEDGER, SEGMENT_FAULTS, SEGMENT_MEMBERSHIPS], deps=_UPSTREAM, partitions=DAILY, kind="duckdb"),
    backfill_policy=ONE_BY_ONE,
)
def segments(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Match every segment and send the matches through the gate."""
    report = decide_memberships(home.run(context.partition_key))
    yield dg.MaterializeResult(asset_key=CONTACT_LEDGER.name)
    yield dg.MaterializeResult(asset_key=SEGMENT_FAULTS.name, metadata={"faults": list(map(str, report.faults))})
    yield dg.MaterializeResult(
        asset_key=SEGMENT_MEMBERSHIPS.name, metadata={"waterfalls": report.as_metadata(), "contaminated": dict(report.contaminated)}
    )
