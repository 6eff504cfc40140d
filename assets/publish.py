"""Assets of the publish stage: lists for marketers, pages for managers, the database for analysts, the record. The last thing."""

from collections.abc import Iterable, Iterator
from functools import partial

import dagster as dg

from assets.partitions import DAILY, ONE_BY_ONE
from assets.project import code_version
from assets.records import counts, events, run_id, run_inputs, write_record
from assets.resources import HomeResource
from assets.retries import retrying_io
from pipelines.ledger import append, published_entries
from pipelines.metrics import read_metrics, revision_of
from pipelines.publish import publish
from pipelines.reports import write_report
from pipelines.segments import read_segments


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
        run = home.run(context.partition_key)
        inputs = run_inputs(run)
        pages = partial(write_report, metrics={name: metric.label.model_dump() for name, metric in read_metrics().items()})
        with retrying_io():
            report = publish(run, run_id(inputs), read_segments(run.config.segments.folders), code_version(), inputs["loads"], pages)
        head = append(run.home, published_entries(run.home, report.as_of, report.run_id, report.files))
        results = {**report.as_record(), "ledger": head.as_record(), "counts": counts(run), "kpi_revision": revision_of(run, report.run_id)}
        write_record(run.home, report.run_id, inputs, **results, **events(context.instance, context.run_id))
        yield from (dg.MaterializeResult(asset_key=name, metadata={"run_id": report.run_id}) for name in described)

    return publish_everything
