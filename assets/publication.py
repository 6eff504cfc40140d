"""Publish a run and write it down, in the order that a crash may interrupt: files, ledger, record."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

from assets.inputs import keep_inputs
from assets.predictions import keep_predictions
from assets.project import code_version
from assets.records import counts, run_id, run_inputs, write_record
from assets.retries import retrying_io
from pipelines.contracts.run import Run
from pipelines.ledger import append, published_entries
from pipelines.metrics import read_metrics, revision_of
from pipelines.publish import publish
from pipelines.reports import write_report
from pipelines.segments import decided_definitions


def publish_and_record(run: Run, told: Callable[[], Mapping[str, Any]]) -> str:
    """Publish all or nothing; return the id of the run. `told`: what the orchestrator knows of it, asked when all else is done."""
    inputs = run_inputs(run)
    pages = partial(write_report, metrics={name: metric.label.model_dump() for name, metric in read_metrics().items()})
    with retrying_io():
        report = publish(run, run_id(inputs), decided_definitions(run), code_version(), inputs["loads"], pages)
    head = append(run.home, published_entries(run.home, report.as_of, report.run_id, report.files))
    keep_predictions(run, report.run_id)
    results = {
        **report.as_record(),
        "ledger": head.as_record(),
        "counts": counts(run),
        "kpi_revision": revision_of(run, report.run_id),
        "kept_inputs": keep_inputs(run),
    }
    write_record(run.home, report.run_id, inputs, **results, **told())
    return report.run_id
