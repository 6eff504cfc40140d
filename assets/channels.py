"""Assets of the channels stage: deliveries in, canonical tables out."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.resources import HomeResource, Progress
from assets.retries import retrying_io
from pipelines.channels import load_deliveries
from pipelines.contracts.channel_tables import CHANNEL_TABLES

deliveries = dg.AssetSpec(
    "deliveries", group_name="deliveries", description="Raw exports of every channel, as the shop drops them in the inbox."
)


@dg.multi_asset(specs=specs(CHANNEL_TABLES, deps=["deliveries"]))
def channels(home: HomeResource, progress: dg.ResourceParam[Progress]) -> Iterator[dg.MaterializeResult[None]]:
    """Load every file that is new in the inbox, each whole or not at all."""
    with retrying_io():
        report = load_deliveries(home.home(), home.config(), progress.report)
    metadata = {"files_found": report.files_found, "new_loads": len(report.loads_new), "refused": len(report.refused), **report.totals_new}
    yield from (dg.MaterializeResult(asset_key=table.name, metadata=metadata) for table in CHANNEL_TABLES)
