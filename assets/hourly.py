"""Assets of an hour: who is on the lists that do not wait for the night, and these lists."""

from collections.abc import Iterator
from typing import Any

import dagster as dg

from assets.catalog import specs
from assets.delivery import deliver_day
from assets.hours import refresh
from assets.project import REFERENCE
from assets.resources import HomeResource
from assets.retries import retrying_io
from pipelines.contracts.channel_tables import CANONICAL_TABLES
from pipelines.contracts.segment_tables import HOURLY_MEMBERSHIPS


class HourConfig(dg.Config):
    """`at`: instant of the hour, as 2026-10-31T14:00 in the time zone of the business; empty means the newest fact that is loaded."""

    at: str = ""


_LISTS = dg.AssetSpec(
    "hourly_lists",
    deps=[HOURLY_MEMBERSHIPS.name],
    description="Lists of an hour, in `published/segments/<hour>/`, and files of destinations at their places.",
    group_name="publish",
)


@dg.multi_asset(specs=[*specs([HOURLY_MEMBERSHIPS], deps=[table.name for table in CANONICAL_TABLES], kind="duckdb"), _LISTS])
def hourly(context: dg.AssetExecutionContext, home: HomeResource, config: HourConfig) -> Iterator[dg.MaterializeResult[None]]:
    """Decide and publish the lists whose cadence is hourly; no mart, no other list and no history of the night changes."""
    folders, settings = home.home(), home.config()
    with retrying_io():
        done = refresh(folders, settings, settings.reference_folder or REFERENCE, config.at or None)
    told: dict[str, Any] = {"hour": "", "is_new": done.is_new, "undelivered": []}
    if done.record is not None:
        undelivered = deliver_day(folders, settings, done.record["hour"]).as_metadata()["undelivered"]
        told |= {"hour": done.record["hour"], "segments": done.record["segments"], "undelivered": undelivered}
    context.log.info(f"{told['hour'] or 'since the night'}: {'published' if done.is_new else 'nothing new'}")
    yield from (dg.MaterializeResult(asset_key=name, metadata=told) for name in (HOURLY_MEMBERSHIPS.name, "hourly_lists"))
