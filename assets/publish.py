"""Assets of the publish stage: lists for marketers, pages for managers, the database for analysts, the record; then what is delivered."""

from collections.abc import Iterable, Iterator
from functools import partial

import dagster as dg

from assets.delivery import deliver_day
from assets.partitions import DAILY, ONE_BY_ONE
from assets.publication import publish_and_record
from assets.records import events
from assets.resources import HomeResource
from pipelines.publish import newest_published_day


def exports(upstream: Iterable[dg.AssetKey]) -> dg.AssetsDefinition:
    """The published files, downstream of everything: a red check anywhere keeps them as they were."""
    described = {
        "export_segments": "One folder per segment: the list and its manifest, in `published/segments/<as_of>/`.",
        "export_reports": "Pages for managers, English and Chinese, in `published/reports/<as_of>/`.",
        "export_analytics": "The marts as one read-only database, `published/analytics.duckdb`.",
    }
    deps = list(upstream)
    specs = [
        dg.AssetSpec(name, deps=deps, description=description, group_name="publish", partitions_def=DAILY, kinds={"duckdb"})
        for name, description in described.items()
    ]

    @dg.multi_asset(specs=specs, name="exports", backfill_policy=ONE_BY_ONE)
    def publish_everything(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
        """Publish lists, report and database, all or none, and write the run record."""
        published = publish_and_record(home.run(context.partition_key), partial(events, context.instance, context.run_id))
        yield from (dg.MaterializeResult(asset_key=name, metadata={"run_id": published}) for name in described)

    return publish_everything


_DELIVERED = dg.AssetSpec(
    "delivered_lists",
    deps=["export_segments", "export_reports", "export_analytics"],
    description="Files of destinations at their places, noted in `delivered/<as_of>.json`.",
    group_name="publish",
    partitions_def=DAILY,
)
_ARRIVED = dg.AssetCheckSpec(
    "everything_was_delivered", asset="delivered_lists", description="Every file lies at every place of its destination."
)


@dg.multi_asset(specs=[_DELIVERED], check_specs=[_ARRIVED], name="delivery", backfill_policy=ONE_BY_ONE)
def delivered_lists(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Deliver the newest published day; an older one that was run again is no news, `cdp deliver --as-of` delivers it.

    What could not be delivered makes the check red and not the run: everything is published, and `cdp deliver` goes on.
    """
    run = home.run(context.partition_key)
    is_newest = newest_published_day(run.home) == run.as_of
    told = deliver_day(run.home, run.config, run.as_of).as_metadata() if is_newest else {"undelivered": []}
    result = dg.AssetCheckResult(
        check_name="everything_was_delivered", passed=not told["undelivered"], metadata={"failures": told["undelivered"]}
    )
    yield dg.MaterializeResult(asset_key="delivered_lists", metadata=told, check_results=[result])
