"""Assets of the metrics stage: what a run restates of what was published, and what came too late for its day."""

from collections.abc import Iterator

import dagster as dg

from assets.catalog import specs
from assets.partitions import DAILY, ONE_BY_ONE
from assets.records import past_run, run_facts, runs_of_the_day
from assets.resources import HomeResource
from pipelines.contracts.channel_tables import CHANNEL_TABLES
from pipelines.contracts.metric_tables import METRIC_TABLES
from pipelines.metrics import record_metrics

_UPSTREAM = ["kpi", "fct_orders", "fct_refunds", "identity_changes", "identity_current", *(table.name for table in CHANNEL_TABLES)]


@dg.multi_asset(specs=specs(METRIC_TABLES, deps=_UPSTREAM, partitions=DAILY, kind="duckdb"), backfill_policy=ONE_BY_ONE)
def metrics(context: dg.AssetExecutionContext, home: HomeResource) -> Iterator[dg.MaterializeResult[None]]:
    """Compare the figures with those that were published, and name the late facts."""
    run = home.run(context.partition_key)
    counts = record_metrics(run, run_facts(run), past_run(run.home), runs_of_the_day(run))
    yield from (dg.MaterializeResult(asset_key=table.name, metadata=counts) for table in METRIC_TABLES)
